"""What keeps streams and groups in order on a real server, as scripts: each looks and acts in one moment."""

from blocks.streams.scripts import Script
from blocks.streams.server import NOBODY

_PENDING = 10_000
"""So many pending entries are looked through; where more are, only what is older than all of them is deleted."""
_CHUNK = 200

RENEW = Script(
    """
local own = {}
for i = 4, #ARGV do
  local found = redis.call('XPENDING', ARGV[1], ARGV[2], ARGV[i], ARGV[i], 1)
  if found[1] and found[1][2] == ARGV[3] then
    redis.call('XCLAIM', ARGV[1], ARGV[2], ARGV[3], 0, ARGV[i], 'JUSTID')
  end
end
return {1}
"""
)
"""Stream, group, consumer, ids."""

# Never given to it: the count goes back, and the time since then is long.
_BACK = f"""
local function back(held)
  for _, each in ipairs(held) do
    redis.call('XCLAIM', ARGV[1], ARGV[2], '{NOBODY}', 0, each[1], 'IDLE', 2000000000, 'RETRYCOUNT',
      math.max(0, each[4] - 1), 'JUSTID')
  end
end
"""

GIVE_BACK = Script(
    _BACK
    + """
for i = 4, #ARGV do
  back(redis.call('XPENDING', ARGV[1], ARGV[2], ARGV[i], ARGV[i], 1, ARGV[3]))
end
return {1}
"""
)
"""Stream, group, consumer, ids."""

LEAVE = Script(
    _BACK
    + """
if redis.call('EXISTS', ARGV[1]) == 0 then return {0} end
local held = redis.pcall('XPENDING', ARGV[1], ARGV[2], '-', '+', 1000, ARGV[3])
if held.err then return {0} end
back(held)
if #redis.call('XPENDING', ARGV[1], ARGV[2], '-', '+', 1, ARGV[3]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', ARGV[1], ARGV[2], ARGV[3])
end
return {1}
"""
)
"""Stream, group, consumer."""

FORGET = Script(
    """
if redis.call('EXISTS', ARGV[1]) == 0 then return {0} end
local consumers = redis.pcall('XINFO', 'CONSUMERS', ARGV[1], ARGV[2])
if consumers.err then return {0} end
for _, each in ipairs(consumers) do
  local known = {}
  for i = 1, #each, 2 do known[each[i]] = each[i + 1] end
  if known['pending'] == 0 and known['idle'] > tonumber(ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', ARGV[1], ARGV[2], known['name'])
  end
end
return {1}
"""
)
"""Stream, group, milliseconds."""

# What every group was given and nobody has pending is done. The last id that all were given is read first; after it
# nothing is touched.
SWEEP = Script(
    f"""
local stream = ARGV[1]
if redis.call('EXISTS', stream) == 0 then return {{0}} end
local function order(id)
  local milliseconds, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(milliseconds), tonumber(number)
end
local function below(one, other)
  local a, b = order(one)
  local c, d = order(other)
  return a < c or (a == c and b < d)
end
local given
local names = {{}}
for _, each in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local known = {{}}
  for i = 1, #each, 2 do known[each[i]] = each[i + 1] end
  names[#names + 1] = known['name']
  if not given or below(known['last-delivered-id'], given) then given = known['last-delivered-id'] end
end
if not given or given == '0-0' then return {{0}} end
local pending, first, many = {{}}, nil, false
for _, name in ipairs(names) do
  local found = redis.call('XPENDING', stream, name, '-', given, {_PENDING})
  many = many or #found == {_PENDING}
  for _, each in ipairs(found) do
    pending[each[1]] = true
    if not first or below(each[1], first) then first = each[1] end
  end
end
if not first then
  local milliseconds, number = order(given)
  redis.call('XTRIM', stream, 'MINID', '=', string.format('%.0f-%.0f', milliseconds, number + 1))
  return {{1}}
end
redis.call('XTRIM', stream, 'MINID', '=', first)
if many then return {{1}} end
local from = first
while true do
  local entries = redis.call('XRANGE', stream, from, given, 'COUNT', {_CHUNK})
  for _, entry in ipairs(entries) do
    if not pending[entry[1]] then redis.call('XDEL', stream, entry[1]) end
  end
  if #entries < {_CHUNK} then return {{1}} end
  from = '(' .. entries[#entries][1]
end
"""
)
"""Stream."""
