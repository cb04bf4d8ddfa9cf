// Lua's `math` table, as far as it maps numbers to one number and gives the same for the same.

/** Needs `length` arguments; more are ignored, as in Lua. */
export type LuaFunction = (...numbers: number[]) => number

export const luaMath: ReadonlyMap<string, number | LuaFunction> = new Map<string, number | LuaFunction>([
  ['huge', Infinity],
  ['pi', Math.PI],
  ['max', (first: number, ...rest) => Math.max(first, ...rest)],
  ['min', (first: number, ...rest) => Math.min(first, ...rest)],
  ['abs', (x: number) => Math.abs(x)],
  ['ceil', (x: number) => Math.ceil(x)],
  ['floor', (x: number) => Math.floor(x)],
  ['sqrt', (x: number) => Math.sqrt(x)],
  ['exp', (x: number) => Math.exp(x)],
  ['log', (x: number) => Math.log(x)],
  ['log10', (x: number) => Math.log10(x)],
  ['pow', (x: number, y: number) => x ** y],
  ['fmod', (x: number, y: number) => x % y],
  ['sin', (x: number) => Math.sin(x)],
  ['cos', (x: number) => Math.cos(x)],
  ['tan', (x: number) => Math.tan(x)],
  ['asin', (x: number) => Math.asin(x)],
  ['acos', (x: number) => Math.acos(x)],
  ['atan', (x: number) => Math.atan(x)],
  ['atan2', (y: number, x: number) => Math.atan2(y, x)],
  ['sinh', (x: number) => Math.sinh(x)],
  ['cosh', (x: number) => Math.cosh(x)],
  ['tanh', (x: number) => Math.tanh(x)],
  ['deg', (x: number) => (x * 180) / Math.PI],
  ['rad', (x: number) => (x * Math.PI) / 180],
])
