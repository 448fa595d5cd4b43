-- What wrk sends: the lines of a file one after another, each a path to GET or, from "{" on, a body to POST to /graphql. A body
-- that holds __N__ gets a number there that no other request of the run has. Arguments: the file, the first line and number, and gzip where that is accepted.
local ready, varied, n = {}, nil, 0
local json = { ["Content-Type"] = "application/json" }

function init(args)
  n = tonumber(args[2])
  if args[3] then wrk.headers["Accept-Encoding"] = args[3] end
  for line in io.lines(args[1]) do
    if line:sub(1, 1) ~= "{" then
      ready[#ready + 1] = wrk.format("GET", line)
    elseif line:find("__N__", 1, true) then
      varied = line
    else
      ready[#ready + 1] = wrk.format("POST", "/graphql", json, line)
    end
  end
end

function request()
  n = n + 1
  if varied then
    local body = varied:gsub("__N__", n)
    return wrk.format("POST", "/graphql", json, body)
  end
  return ready[n % #ready + 1]
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"us":%d,"bytes":%d,"errors":%d,"p50":%d,"p99":%d}\n', summary.requests, summary.duration,
    summary.bytes, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
