// JSON's numbers, byte by byte: the states between a number's first byte and the byte behind its last.
import { isDigit, MINUS, PLUS, POINT, ZERO } from './json-bytes.ts'

/** A minus sign, so that a digit must follow. */
const SIGN = 0
/** A leading zero, behind which no digit may stand. */
const LEADING_ZERO = 1
const INTEGER = 2
const AFTER_POINT = 3
const FRACTION = 4
const AFTER_E = 5
const AFTER_E_SIGN = 6
const EXPONENT = 7
export const NUMBER_OVER = -1
export const NUMBER_BROKEN = -2

export function firstNumberState(byte: number): number {
  if (byte === MINUS) return SIGN
  if (byte === ZERO) return LEADING_ZERO
  return isDigit(byte) ? INTEGER : NUMBER_BROKEN
}

/** Whether the number may end here. */
export function isWholeNumber(state: number): boolean {
  return state === LEADING_ZERO || state === INTEGER || state === FRACTION || state === EXPONENT
}

/** Whether digits change nothing. */
export function takesDigits(state: number): boolean {
  return state === INTEGER || state === FRACTION || state === EXPONENT
}

export function nextNumberState(state: number, byte: number): number {
  if (isDigit(byte)) {
    switch (state) {
      case SIGN:
        return byte === ZERO ? LEADING_ZERO : INTEGER
      case LEADING_ZERO:
        return NUMBER_BROKEN
      case AFTER_POINT:
        return FRACTION
      case AFTER_E:
      case AFTER_E_SIGN:
        return EXPONENT
      default:
        return state
    }
  }
  const inInteger = state === INTEGER || state === LEADING_ZERO
  if (byte === POINT && inInteger) return AFTER_POINT
  if ((byte | 0x20) === 0x65 && (inInteger || state === FRACTION)) return AFTER_E
  if ((byte === PLUS || byte === MINUS) && state === AFTER_E) return AFTER_E_SIGN
  return isWholeNumber(state) ? NUMBER_OVER : NUMBER_BROKEN
}
