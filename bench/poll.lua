-- wrk: GET with the bearer from the environment; answers are counted by status in done().
wrk.method = "GET"
local token = os.getenv("TOKEN")
if token then wrk.headers["Authorization"] = "Bearer " .. token end
wrk.headers["Connection"] = os.getenv("KEEP_ALIVE") and "keep-alive" or nil
