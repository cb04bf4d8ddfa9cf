// The pages for what is not the Admin API: clients of APISIX expect HTML there, not JSON.
import { STATUS_CODES } from 'node:http'

/** A short page that says a status, and why. */
export function page(status: number, reason = STATUS_CODES[status] ?? 'Error'): string {
  const title = `${status} ${reason}`
  return `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<hr>Weir\n</body>\n</html>\n`
}

export const pageContentType = 'text/html; charset=utf-8'
