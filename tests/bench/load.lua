-- wrk sends the request in BENCH_REQUEST, its places filled anew each time (see asked.py), and prints one line of JSON.

local random = io.open("/dev/urandom", "rb")

local function content(path)
  local file = assert(io.open(path, "rb"))
  local all = file:read("*a")
  file:close()
  return all
end

local template, tokens = content(os.getenv("BENCH_REQUEST")), {}
if os.getenv("BENCH_TOKENS") then
  for line in content(os.getenv("BENCH_TOKENS")):gmatch("[^\n]+") do
    tokens[#tokens + 1] = line
  end
end

local function hexadecimal(letter)
  return string.format("%02x", letter:byte())
end

local function fresh(place)
  if place == "KEY" then
    return (random:read(16):gsub(".", hexadecimal))
  elseif place == "SUM" then
    return string.format("%d.%02d", math.random(10000, 99999), math.random(0, 99))
  end
  return tokens[math.random(#tokens)]
end

function init()
  local a, b, c = random:read(3):byte(1, 3)
  math.randomseed(a * 65536 + b * 256 + c)
end

function request()
  return (template:gsub("@(%u+)@", fresh))
end

function done(summary, latency)
  local bad = summary.errors
  io.write(string.format(
    '\n{"answered": %d, "errors": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, bad.connect + bad.read + bad.write + bad.status + bad.timeout, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000
  ))
end
