// What Redis does for limit-count, limit-req and limit-conn, with the keys and values that APISIX has there.
import { clock, script } from '../redis/scripts.ts'

/** KEYS: counter. ARGV: amount, window (s). Returns what is used with it, and the milliseconds until the end. */
export const hitScript = script(`
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
  return {tonumber(ARGV[1]), ARGV[2] * 1000}
end
return {redis.call('INCRBY', KEYS[1], ARGV[1]), left}
`)

/** KEYS: counter of a sliding window. Returns what it holds. */
export const countScript = script(`return {tonumber(redis.call('GET', KEYS[1]) or '0')}`)

/** KEYS: counter of this window. ARGV: limit, weight of the window before, time to live (s). Returns 1 or 0, and the count. */
export const slideScript = script(`
local limit = tonumber(ARGV[1])
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if count >= limit or count + tonumber(ARGV[2]) >= limit then return {0, count} end
count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return {1, count}
`)

/**
 * KEYS: bucket, a hash of `excess` (thousandths of a request) and `last` (milliseconds). ARGV: rate and burst in
 * thousandths, time to live (s). Returns 1 or 0, and the excess.
 */
export const leakScript = script(`${clock}
local now = clock()
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local state = redis.call('HMGET', KEYS[1], 'excess', 'last')
local excess = 0
if state[1] and state[2] then
  excess = math.max(tonumber(state[1]) - rate * math.abs(now - tonumber(state[2])) / 1000 + 1000, 0)
  if excess > burst then return {0, math.floor(excess)} end
end
redis.call('HSET', KEYS[1], 'excess', string.format('%.0f', excess), 'last', string.format('%.0f', now))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {1, math.floor(excess)}
`)

/** KEYS: a sorted set of requests by the second of their expiry. ARGV: request, most, time to live (s). */
export const enterScript = script(`${clock}
local now = math.floor(clock() / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local count = redis.call('ZCARD', KEYS[1]) + 1
if count > tonumber(ARGV[2]) then return {0, count} end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {1, count}
`)

/** KEYS: as above. ARGV: request. */
export const leaveScript = script(`return {redis.call('ZREM', KEYS[1], ARGV[1])}`)
