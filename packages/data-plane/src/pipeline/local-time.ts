// The time of a request as text.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** As in the Common Log Format, `22/Nov/2026:04:07:22 +0000`. */
export function localTime(now: Date): string {
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':')
  const offset = -now.getTimezoneOffset()
  const zone = two(Math.floor(Math.abs(offset) / 60)) + two(Math.abs(offset) % 60)
  const day = `${two(now.getDate())}/${months[now.getMonth()] ?? ''}/${now.getFullYear()}`
  return `${day}:${time} ${offset < 0 ? '-' : '+'}${zone}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
