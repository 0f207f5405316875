-- Asks Sekisho whether the request in hand may go to the console, and puts what it says of the person into the request.
-- Anything but its leave, also no answer at all, leaves txn.sekisho_lets_through false.

local secret_file, address = os.getenv("SEKISHO_SECRET_FILE"), os.getenv("SEKISHO_ADDRESS")
assert(secret_file and address, "SEKISHO_SECRET_FILE and SEKISHO_ADDRESS are set in haproxy.cfg")

local file = assert(io.open(secret_file), "cannot read " .. secret_file)
local secret = file:read("l")
file:close()
assert(secret and #secret >= 32, secret_file .. " holds no secret of 32 characters")

-- What Sekisho says, and what is replaced by it. The names of [identity] and [assertion] belong here.
local says = {
    "x-sekisho-user", "x-sekisho-email", "x-sekisho-groups", "x-sekisho-session-level", "x-sekisho-assertion", "cookie",
}
-- How one connection frames a request says nothing to the next one.
local framing = {
    ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["keep-alive"] = true,
    ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
}

local function first(values)
    for _, value in pairs(values or {}) do
        return value
    end
end

core.register_action("sekisho", { "http-req" }, function(txn)
    txn:set_var("txn.sekisho_lets_through", false)
    local host = txn.sf:req_fhdr("host")
    local headers = {}
    for name, values in pairs(txn.http:req_get_headers()) do
        if not framing[name:lower()] then
            headers[name] = {}
            for _, value in pairs(values) do
                table.insert(headers[name], value)
            end
        end
    end
    headers["host"] = { host }
    headers["x-sekisho-forward-auth"] = { secret }
    headers["x-forwarded-method"] = { txn.sf:method() }
    headers["x-forwarded-proto"] = { "https" }
    headers["x-forwarded-host"] = { host }
    headers["x-forwarded-uri"] = { txn.sf:pathq() }
    headers["x-forwarded-for"] = { tostring(txn.sf:src()) }

    local client = core.httpclient()
    local answer = client:get({ url = address .. "/.sekisho/auth/status", headers = headers, timeout = 5000 })
    if not answer or answer.status ~= 200 then
        return
    end
    for _, name in ipairs(says) do
        txn.http:req_del_header(name)
        local value = first(answer.headers[name])
        if value then
            txn.http:req_set_header(name, value)
        end
    end
    txn:set_var("txn.sekisho_lets_through", true)
end)
