-- Readers for wrk: each request asks for one of the paths in the file LOAD_PATHS, from one of many addresses, and is
-- counted by what came back. With LOAD_CONDITIONAL it names the answer that readers have already.
local paths = {}
for line in io.lines(os.getenv("LOAD_PATHS")) do paths[#paths + 1] = line end
local conditional = os.getenv("LOAD_CONDITIONAL") == "1"
local etag = nil
local threads = {}
fine, unchanged, retry_after, refused, missing, failed = 0, 0, 0, 0, 0, 0

function setup(thread) threads[#threads + 1] = thread end

function init(args) math.randomseed(os.time() + #paths) end

function request()
  local headers = {["Accept-Encoding"] = "gzip"}
  if conditional and etag then headers["If-None-Match"] = etag end
  return wrk.format("GET", paths[math.random(#paths)], headers)
end

function response(status, headers, body)
  if status == 200 then
    fine = fine + 1
    if conditional then etag = headers["ETag"] end
  elseif status == 304 then unchanged = unchanged + 1
  elseif status == 503 and headers["Retry-After"] then retry_after = retry_after + 1
  elseif status == 429 then refused = refused + 1
  elseif status < 500 then missing = missing + 1
  else failed = failed + 1
  end
end

function done(summary, latency, requests)
  local out = io.open(os.getenv("LOAD_RESULTS"), "w")
  for _, name in ipairs({"fine", "unchanged", "retry_after", "refused", "missing", "failed"}) do
    local sum = 0
    for _, thread in ipairs(threads) do sum = sum + thread:get(name) end
    out:write(name, " ", sum, "\n")
  end
  local errors = summary.errors
  out:write("broken ", errors.connect + errors.read + errors.write, "\n")
  out:write("late ", errors.timeout, "\n")
  for i = 1, #latency do
    local microseconds, count = latency(i)
    out:write("took ", microseconds, " ", count, "\n")
  end
  out:close()
end
