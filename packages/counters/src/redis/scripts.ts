// What Redis does in one step, in Lua. The store's clock decides windows and leases; gateways never compare clocks.
//
// An account is three keys of one cluster slot: what was used (a string as APISIX keeps it, so that both can count
// in the same place; it expires with its window), the leases (a sorted set, `<lease>:<amount>` by the moment of
// expiry in milliseconds; it expires with the last of them), and the sum of their amounts, which is nothing without
// them.
import { createHash } from 'node:crypto'

export interface Script {
  readonly lua: string
  readonly sha1: string
}

export const clock = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`

const reservedAt = `
local function reserved_at(leases, sum, now)
  if redis.call('EXISTS', leases) == 0 then
    redis.call('DEL', sum)
    return 0
  end
  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
    redis.call('ZREM', leases, lease)
    if redis.call('EXISTS', sum) == 1 then redis.call('DECRBY', sum, string.match(lease, ':(%d+)$')) end
  end
  local reserved = redis.call('GET', sum)
  if reserved then return tonumber(reserved) end
  reserved = 0
  for _, lease in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    reserved = reserved + tonumber(string.match(lease, ':(%d+)$'))
  end
  return reserved
end
`

const use = `
local function use(key, amount, window_s)
  local left = redis.call('PTTL', key)
  if left < 0 then
    redis.call('SET', key, amount, 'EX', window_s)
  elseif amount ~= '0' then
    redis.call('INCRBY', key, amount)
  end
end
`

/**
 * KEYS: used, leases, sum for each account. ARGV: lease, leaseMs, then limit, window (s), amount, `fits` or
 * `remaining`, the least that the amount may be lowered to for each. Returns the refused account's index from 1 or 0, then used, reserved, resetMs for each.
 */
export const reserveScript = script(`${clock}${reservedAt}${use}
local now = clock()
local lease, lease_ms = ARGV[1], tonumber(ARGV[2])
local reply, granted = {0}, {}
for i = 1, #KEYS / 3 do
  local k, a = i * 3, i * 5
  local limit, window_ms, amount = tonumber(ARGV[a - 2]), ARGV[a - 1] * 1000, tonumber(ARGV[a])
  local least = tonumber(ARGV[a + 2])
  local left = redis.call('PTTL', KEYS[k - 2])
  local used = 0
  if left < 0 then
    left = window_ms
  else
    used = tonumber(redis.call('GET', KEYS[k - 2]))
  end
  local reserved = reserved_at(KEYS[k - 1], KEYS[k], now)
  local taken = used + reserved
  local fits
  if ARGV[a + 1] == 'fits' then fits = taken + least <= limit else fits = taken < limit end
  if not fits and reply[1] == 0 then reply[1] = i end
  reply[#reply + 1] = used
  reply[#reply + 1] = reserved
  reply[#reply + 1] = left
  granted[i] = string.format('%.0f', math.max(least, math.min(amount, limit - taken)))
end
if reply[1] > 0 then return reply end
for i = 1, #KEYS / 3 do
  local k, a = i * 3, i * 5
  local leases, sum, amount = KEYS[k - 1], KEYS[k], granted[i]
  use(KEYS[k - 2], '0', tonumber(ARGV[a - 1]))
  if redis.call('EXISTS', sum) == 1 then
    redis.call('INCRBY', sum, amount)
  else
    redis.call('SET', sum, string.format('%.0f', reply[i * 3] + tonumber(amount)))
  end
  redis.call('ZADD', leases, now + lease_ms, lease .. ':' .. amount)
  if redis.call('PTTL', leases) < lease_ms then redis.call('PEXPIRE', leases, lease_ms) end
  if redis.call('PTTL', sum) < lease_ms then redis.call('PEXPIRE', sum, lease_ms) end
end
return reply
`)

/**
 * KEYS as above. ARGV: lease, 1 when this may be a repetition (then only what is still held is settled), then
 * reserved amount (`?` when no answer told it), used amount, window (s) for each account.
 */
export const settleScript = script(`${use}
local function held_amount(leases)
  for _, lease in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    if string.sub(lease, 1, #ARGV[1] + 1) == ARGV[1] .. ':' then return string.match(lease, ':(%d+)$') end
  end
  return '0'
end
for i = 1, #KEYS / 3 do
  local k, a = i * 3, i * 3
  local amount, used = ARGV[a], ARGV[a + 1]
  if amount == '?' then amount = held_amount(KEYS[k - 1]) end
  local held = redis.call('ZREM', KEYS[k - 1], ARGV[1] .. ':' .. amount) == 1
  if held and redis.call('EXISTS', KEYS[k]) == 1 then redis.call('DECRBY', KEYS[k], amount) end
  if used ~= '0' and (held or ARGV[2] == '0') then use(KEYS[k - 2], used, tonumber(ARGV[a + 2])) end
end
return 0
`)

/** KEYS as above. ARGV: lease, leaseMs, then reserved amount for each account. */
export const renewScript = script(`${clock}
local now = clock()
local lease_ms = tonumber(ARGV[2])
for i = 1, #KEYS / 3 do
  local leases, sum, lease = KEYS[i * 3 - 1], KEYS[i * 3], ARGV[1] .. ':' .. ARGV[i + 2]
  local ends = redis.call('ZSCORE', leases, lease)
  if ends and tonumber(ends) > now then
    redis.call('ZADD', leases, now + lease_ms, lease)
    if redis.call('PTTL', leases) < lease_ms then redis.call('PEXPIRE', leases, lease_ms) end
    if redis.call('PTTL', sum) < lease_ms then redis.call('PEXPIRE', sum, lease_ms) end
  end
end
return 0
`)

/** KEYS of one account. Returns used, reserved, resetMs (0 when no window is open). */
export const readScript = script(`${clock}${reservedAt}
local used = tonumber(redis.call('GET', KEYS[1])) or 0
return {used, reserved_at(KEYS[2], KEYS[3], clock()), math.max(0, redis.call('PTTL', KEYS[1]))}
`)

/** KEYS: used. */
export const resetScript = script(`return redis.call('DEL', KEYS[1])`)

export function script(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') }
}
