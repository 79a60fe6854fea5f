-- wrk: POST a first handoff; the body is constant, the broker makes each one its own.
wrk.method = "POST"
wrk.body = os.getenv("BODY") or '{"integration":"demo"}'
local token = os.getenv("TOKEN")
if token then wrk.headers["Authorization"] = "Bearer " .. token end
wrk.headers["Content-Type"] = os.getenv("CONTENT_TYPE") or "application/json"
wrk.headers["Connection"] = os.getenv("KEEP_ALIVE") and "keep-alive" or nil
