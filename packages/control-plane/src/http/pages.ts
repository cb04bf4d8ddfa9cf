// The pages for what is not the Admin API: clients of APISIX expect HTML there, not JSON.
import { STATUS_CODES } from 'node:http'

/** A short page that says a status. */
export function page(status: number): string {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`
  return `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<hr>Weir\n</body>\n</html>\n`
}

export const pageContentType = 'text/html; charset=utf-8'
