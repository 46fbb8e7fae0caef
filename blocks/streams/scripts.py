"""What must happen at once or not at all, as scripts that the server runs.

They use no command that the in-process server lacks within scripts. All they need stands in ARGV: a Redis Cluster,
which would have to know their keys, is not served.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1

from blocks.streams.names import STREAMS


@dataclass(frozen=True)
class Script:
    """A script of the server."""

    text: str

    @cached_property
    def sha(self) -> str:
        """What the server calls it."""
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Call:
    """A script with its arguments."""

    script: Script
    arguments: tuple[str | bytes | int, ...]


NO, YES, FULL = 0, 1, 2
"""What scripts answer; with FULL comes the stream."""

# A journal that cannot be written (somebody has put something else there) is no reason to leave things half done.
_JOURNAL = """
local function journal(conversation, ttl, fact, stream, key, note)
  if conversation ~= '' then
    redis.pcall('XADD', conversation, '*', 'fato', fact, 'fluxo', stream, 'chave', key, 'nota', note)
    redis.call('EXPIRE', conversation, ttl)
  end
end
"""

# A conversation is told of an announcement only if there is one: most are about jobs that no message has started.
# A message takes six arguments: stream, kind (s: stream, a: announcement, c: conversation), the mark that tells a
# repeat, key, the conversation that gets a copy, and the message itself.
# The list of streams that something else has taken the place of is no reason to leave things half done.
_PUT = f"""
local function full(first, limit)
  local more = {{}}
  for i = first, #ARGV, 6 do
    local stream, mark = ARGV[i], ARGV[i + 2]
    if mark == '' or redis.call('EXISTS', mark) == 0 then
      more[stream] = (more[stream] or 0) + (ARGV[i + 1] == 'c' and 0 or 1)
    end
  end
  for stream, number in pairs(more) do
    local there = redis.call('XLEN', stream)
    if number > 0 and there > 0 and there + number > limit then return stream end
  end
end
local function put(first, ttl)
  for i = first, #ARGV, 6 do
    local stream, kind, mark, key, copy, raw = unpack(ARGV, i, i + 5)
    if mark == '' or redis.call('SET', mark, '1', 'EX', ttl, 'NX') then
      if kind == 'c' then
        redis.call('XADD', stream, '*', 'mensagem', raw, 'fato', 'publicada', 'fluxo', stream, 'chave', key)
        redis.call('EXPIRE', stream, ttl)
      else
        local id
        if kind == 'a' then
          id = redis.call('XADD', stream, '*', 'mensagem', raw, 'chave', key, 'anuncio', '1')
        elseif key == '' then
          id = redis.call('XADD', stream, '*', 'mensagem', raw)
        else
          id = redis.call('XADD', stream, '*', 'mensagem', raw, 'chave', key)
        end
        redis.pcall('SADD', '{STREAMS}', stream)
        if key == '' then key = id end
      end
      if copy ~= '' and (kind ~= 'a' or redis.call('EXISTS', copy) == 1) then
        redis.pcall('XADD', copy, '*', 'mensagem', raw, 'fato', 'publicada', 'fluxo', stream, 'chave', key)
        redis.call('EXPIRE', copy, ttl)
      end
    end
  end
end
"""

PUBLISH = Script(
    "local unpack = unpack or table.unpack"
    + _PUT
    + """
local call, ttl, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', call) == 1 then return {1} end
local stream = full(4, limit)
if stream then return {2, stream} end
redis.call('SET', call, '1', 'EX', '600')
put(4, ttl)
return {1}
"""
)
"""The call's mark, retention, limit, messages."""

# What is taken from the group's own stream is nobody else's: it goes when it is acknowledged. A message that was
# handled before is acknowledged, and nothing more is done. What becomes of it is written first: a server that refuses
# to write (something else has the key, the user may not) does not undo what a script has done before.
_ACKNOWLEDGE = """
local mark, source, group, id, own = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local conversation, ttl, stream, key, note = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local function acknowledge()
  local number = redis.call('XACK', source, group, id)
  if own == '1' then redis.call('XDEL', source, id) end
  return number
end
if redis.call('EXISTS', mark) == 1 then
  acknowledge()
  return {0}
end
"""

BEGIN = Script(
    _JOURNAL
    + _ACKNOWLEDGE
    + """
journal(conversation, ttl, 'em_execucao', stream, key, note)
return {1}
"""
)
"""NO if the message was handled before."""

DONE = Script(
    "local unpack = unpack or table.unpack"
    + _JOURNAL
    + _PUT
    + _ACKNOWLEDGE
    + """
local waits = full(13, tonumber(ARGV[12]))
if waits then return {2, waits} end
redis.call('SET', mark, '1', 'EX', ARGV[11])
acknowledge()
put(13, ttl)
journal(conversation, ttl, 'concluida', stream, key, note)
return {1}
"""
)
"""Besides: how long the mark of the message stays, limit, messages that answer it."""

RETRY = Script(
    _JOURNAL
    + _ACKNOWLEDGE
    + """
local new = redis.call('ZADD', ARGV[11], ARGV[12], ARGV[13])
if acknowledge() == 0 then
  if new == 1 then redis.call('ZREM', ARGV[11], ARGV[13]) end
  return {0}
end
journal(conversation, ttl, 'erro', stream, key, note)
return {1}
"""
)
"""Besides: the key of those that wait, when it is due, what stands there."""

DEAD = Script(
    _JOURNAL
    + _ACKNOWLEDGE
    + """
local dead, most = ARGV[11], tonumber(ARGV[12])
local letter = redis.call('XADD', dead, '*', 'mensagem', ARGV[13], 'motivo', ARGV[14], 'tentativas', ARGV[15],
  'correlacao', ARGV[16], 'chave', key, 'id', ARGV[17])
if acknowledge() == 0 then
  redis.call('XDEL', dead, letter)
  return {0}
end
local over = redis.call('XLEN', dead) - most
if over > 0 then
  for _, entry in ipairs(redis.call('XRANGE', dead, '-', '+', 'COUNT', over)) do
    redis.call('XDEL', dead, entry[1])
  end
end
journal(conversation, ttl, 'morta', stream, key, note)
return {1}
"""
)
"""Besides: the stream of dead letters, the most of them, message, reason, attempts, correlation id, its own id."""

DUE = Script(
    """
local later, again, now, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
for _, member in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now, 'LIMIT', 0, most)) do
  redis.call('XADD', again, '*', 'de_novo', member)
  redis.call('ZREM', later, member)
end
local first = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')
return {1, first[2] or ''}
"""
)
"""Those that wait, the group's own stream, now, the most. With the answer comes when the next one is due."""

REPLAY = Script(
    _JOURNAL
    + """
if redis.call('XDEL', ARGV[1], ARGV[2]) == 0 then return {0} end
redis.call('XADD', ARGV[3], '*', 'de_novo', ARGV[4])
journal(ARGV[5], ARGV[6], 'publicada', ARGV[7], ARGV[8], ARGV[9])
return {1}
"""
)
"""Dead letters, id, the group's own stream, what goes there, conversation, retention, stream, key, note."""

ALL = (PUBLISH, BEGIN, DONE, RETRY, DEAD, DUE, REPLAY)
