-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Dissects debugnet, the protocol of FreeBSD's netgdb(4) and netdump(4), and GDB's remote serial
-- protocol (RSP) inside it, in Wireshark and tshark. Works on captures of `netgdb --capture` and on
-- captures that tcpdump made. Facts: FreeBSD sys/net/debugnet.h, sys/gdb/netgdb.h,
-- sys/netinet/netdump/netdump.h, and the GDB manual, "Remote Protocol".

-- What is learned of a capture stays, so garbage is collected less often.
collectgarbage("setpause", 300)

local debugnet = Proto("debugnet", "FreeBSD debugnet")
local rsp = Proto("debugnet.rsp", "GDB remote serial protocol over debugnet")

local HEADER, ACK = 24, 4
local NETGDB, NETGDB_KERNEL, NETDUMP, NETDUMP_KERNEL = 20025, 20026, 20023, 20024
local NETGDB_V1 = 0x2515f095
local MESSAGE_MAX, DATAGRAM_MAX = 65536, 9216
local REPEAT_MIN = 0.04 -- s; nobody retransmits sooner, so an earlier copy is the network's

local HERALD, FINISHED, DATA = 1, 2, 3
local names = {[1] = "HERALD", [2] = "FINISHED", [3] = "DATA", [4] = "KDH", [5] = "EKCD_KEY"}
local netdump_names = {[3] = "VMCORE"}

local F = ProtoField
local f = {
    type = F.uint32("debugnet.type", "Type", base.DEC, names),
    seqno = F.uint32("debugnet.seqno", "Sequence number"),
    offset = F.uint64("debugnet.offset", "Offset in the message"),
    length = F.uint32("debugnet.length", "Length"),
    total = F.uint32("debugnet.total", "Size of the message"),
    version = F.uint32("debugnet.version", "Protocol version", base.HEX, {[NETGDB_V1] = "netgdb V1"}),
    path = F.string("debugnet.path", "Path"),
    data = F.bytes("debugnet.data", "Data"),
    direction = F.string("debugnet.direction", "Direction"),
    ack = F.bool("debugnet.ack", "Acknowledgment"),
    ack_of = F.framenum("debugnet.ack_of", "Acknowledges", base.NONE, frametype.ACK),
    ack_time = F.relative_time("debugnet.ack_time", "Time since that message"),
    acked_by = F.framenum("debugnet.acked_by", "Acknowledged by", base.NONE, frametype.ACK),
    again = F.bool("debugnet.ack.duplicate", "Acknowledged before"),
    retransmission = F.bool("debugnet.retransmission", "Retransmission"),
    duplicate = F.bool("debugnet.duplicate", "Duplicate made by the network"),
    original = F.framenum("debugnet.original", "First copy", base.NONE, frametype.DUP_ACK),
    generation = F.string("debugnet.generation", "Generation of the kernel, by its acks"),
    packet = F.string("debugnet.rsp.packet", "Packet"),
    command = F.string("debugnet.rsp.command", "Command"),
    meaning = F.string("debugnet.rsp.meaning", "Meaning"),
    address = F.uint64("debugnet.rsp.address", "Address", base.HEX),
    size = F.uint64("debugnet.rsp.length", "Length"),
    reply = F.string("debugnet.rsp.reply", "Reply"),
    reply_to = F.string("debugnet.rsp.reply_to", "Reply to"),
    stop = F.string("debugnet.rsp.stop", "Stop reason"),
    signal = F.uint8("debugnet.rsp.signal", "Signal"),
    thread = F.string("debugnet.rsp.thread", "Thread"),
    error = F.string("debugnet.rsp.error", "Error"),
    console = F.string("debugnet.rsp.console", "Console output"),
    checksum = F.bool("debugnet.rsp.checksum_bad", "Wrong checksum"),
    request_in = F.framenum("debugnet.rsp.request_in", "Request in", base.NONE, frametype.REQUEST),
    reply_in = F.framenum("debugnet.rsp.reply_in", "Reply in", base.NONE, frametype.RESPONSE),
    time = F.relative_time("debugnet.rsp.time", "Time for the reply"),
    think = F.relative_time("debugnet.rsp.think", "Time since the reply before"),
}
debugnet.fields = f

local experts = {
    retransmission = ProtoExpert.new("debugnet.expert.retransmission", "Retransmission",
        expert.group.SEQUENCE, expert.severity.NOTE),
    duplicate = ProtoExpert.new("debugnet.expert.duplicate", "Duplicate made by the network",
        expert.group.SEQUENCE, expert.severity.WARN),
    checksum = ProtoExpert.new("debugnet.expert.checksum", "Wrong checksum of an RSP packet",
        expert.group.CHECKSUM, expert.severity.ERROR),
    error = ProtoExpert.new("debugnet.expert.error", "The stub replied with an error",
        expert.group.RESPONSE_CODE, expert.severity.NOTE),
}
debugnet.experts = experts

debugnet.prefs.statistics = Pref.bool("Print statistics at the end (tshark)", false,
    "A line for each RSP command: requests, time for the replies, time until the next request")

-- ---- state of a capture ----

local sessions  -- of a kernel's and a server's endpoint
local ports     -- the same by their ports
local kernels   -- endpoint -> its last HERALD
local clients   -- RSP conversation of each interface
local results   -- frame -> what the first pass found
local totals    -- of the wire and of clients: command -> requests and times

function debugnet.init()
    sessions, ports, kernels, clients, results = {}, {}, {}, {}, {}
    totals = {wire = {n = 0, idle = 0, of = {}}, client = {n = 0, idle = 0, of = {}}}
end

local function duration(seconds)
    local whole = math.floor(seconds)
    return NSTime.new(whole, math.floor((seconds - whole) * 1e9 + 0.5))
end

-- ---- RSP ----

-- What requests mean, by their commands.
local meanings = {
    qSupported = "features", qXfer = "read or write an object", qfThreadInfo = "first threads",
    qsThreadInfo = "more threads", qThreadExtraInfo = "name of a thread",
    qRcmd = "command for the stub (monitor)", qSymbol = "address of a symbol", qC = "current thread",
    qOffsets = "load offsets", qSearch = "search memory", qCRC = "checksum of memory",
    QStartNoAckMode = "no-ack mode", vCont = "resume, or ways to resume",
    vMustReplyEmpty = "an unknown request", vKill = "kill", vRun = "run a program", vAttach = "attach",
    ["?"] = "why it stopped", g = "read all registers", G = "write all registers",
    p = "read a register", P = "write a register", m = "read memory", x = "read memory",
    M = "write memory", X = "write memory", Z = "insert a breakpoint", z = "remove a breakpoint",
    s = "step", S = "step with a signal", c = "continue", C = "continue with a signal",
    H = "select a thread", T = "whether a thread is alive", D = "detach", k = "kill",
    ["!"] = "extended mode", R = "restart",
}

-- The name of a request: a letter, or a word of q, Q and v packets.
local function command_of(text)
    local c = text:sub(1, 1)
    if c == "q" or c == "Q" or c == "v" then
        return text:match("^%a[%w_]*") or c
    end
    return c
end

-- Finds the numbers of a request: address and length.
local function numbers_of(text)
    local a, n = text:match("^[mMxX](%x+),(%x+)")
    if not a then a, n = text:match("^[Zz]%d,(%x+),(%x+)") end
    if not a then a, n = text:match("^qXfer:.*:(%x+),(%x+)$") end
    if not a then a = text:match("^[csp](%x+)") or text:match("^P(%x+)=") end
    return a, n
end

local stop_reasons = {"watch", "rwatch", "awatch", "swbreak", "hwbreak", "library", "replaylog", "fork",
    "vfork", "exec", "create"}

-- Describes a stop reply. Returns nil if the text is none.
local function stop_of(text)
    local kind, number = text:match("^([TSWXw])(%x%x)")
    if not kind then return nil end
    local signal = tonumber(number, 16)
    if kind == "W" then return "exited with " .. signal end
    if kind == "X" then return "terminated by signal " .. signal, signal end
    if kind == "w" then return "a thread exited" end
    for _, reason in ipairs(stop_reasons) do
        local value = text:match("[;%x]" .. reason .. ":([^;]*)")
        if value then return (reason .. " " .. value):gsub(" $", ""), signal end
    end
    return "signal " .. signal, signal
end

local function from_hex(text)
    return (text:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end))
end

local function checksum(text)
    local sum = 0
    for i = 1, #text do sum = (sum + text:byte(i)) % 256 end
    return sum
end

-- Replaces what cannot be shown.
local function visible(text)
    if not text:find("[^\32-\126]") then return text end
    return (text:gsub("[^\32-\126]", "."))
end

local CLIENT_ACK = {text = "+", info = "+"}
local STUB_ACK = {text = "+", info = "+", from_stub = true}
local SHORT = {["-"] = "- (again)", ["\3"] = "Ctrl-C"}
local RESUMES = {c = true, C = true, s = true, S = true, vCont = true, vRun = true}

-- Takes a whole message of one direction, and returns what there is to say. `conversation` remembers
-- the request that waits for a reply.
local function take_rsp(conversation, text, from_stub, frame, now)
    local total = conversation.total
    if text == "+" then return from_stub and STUB_ACK or CLIENT_ACK end
    local content, sum = text:match("^[+%-]*%$(.*)#(%x%x)$")
    if not content then
        return {text = text, from_stub = from_stub, info = SHORT[text] or "part of a stream"}
    end
    local r = {text = text, from_stub = from_stub}
    r.content, r.sum = content, sum
    if not from_stub then
        r.command = command_of(content)
        r.info = visible(content:sub(1, 80))
        if conversation.replied then
            r.think = now - conversation.replied
            conversation.replied = nil
            total.n, total.idle = total.n + 1, total.idle + r.think
        end
        local before = conversation.request
        if not (before and before.content == content) then -- else it is the same one, sent again
            conversation.request = {content = content, command = r.command, frame = frame, time = now, result = r}
        end
        return r
    end
    local request = conversation.request
    if content:find("^O%x%x") then
        r.console = from_hex(content:sub(2))
        r.info = "output: " .. visible(r.console:sub(1, 60))
        return r
    end
    r.reply = content
    r.info = content == "" and "unsupported" or visible(content:sub(1, 80))
    local can_stop = not request or RESUMES[request.command] or request.command == "?"
    if can_stop then
        r.stop, r.signal = stop_of(content)
        r.thread = r.stop and content:match("thread:([^;]+)")
    end
    if content:find("^E%x%x$") or content:find("^E%.") then r.error = content end
    if request then
        r.request, r.reply_to, r.time = request.frame, request.command, now - request.time
        request.result.reply_in = frame
        conversation.request, conversation.replied = nil, now
        local t = total.of[request.command]
        if not t then
            t = {n = 0, time = 0, max = 0}
            total.of[request.command] = t
        end
        t.n, t.time = t.n + 1, t.time + r.time
        if r.time > t.max then t.max = r.time end
    end
    return r
end

local wireshark_gdb -- Wireshark's own dissector, in versions that have it by name; false: none

local function rsp_tree(r, tvb, pinfo, tree)
    local range = tvb:range()
    local t = tree:add(rsp, range)
    t:append_text(", " .. (r.command and "request " .. r.command .. " (" .. (meanings[r.command] or "unknown") .. ")"
        or r.reply and "reply" .. (r.reply_to and " to " .. r.reply_to or "") or r.info))
    t:add(f.packet, range, visible(r.text))
    if r.command then
        t:add(f.command, range, r.command)
        local address, size = numbers_of(r.content)
        t:add(f.meaning, range, meanings[r.command] or "unknown"):set_generated()
        if address then t:add(f.address, range, UInt64.fromhex(address)) end
        if size then t:add(f.size, range, UInt64.fromhex(size)) end
        if r.reply_in then t:add(f.reply_in, r.reply_in):set_generated() end
        if r.think then t:add(f.think, duration(r.think)):set_generated() end
    end
    if r.reply then t:add(f.reply, range, visible(r.reply)) end
    if r.reply_to then t:add(f.reply_to, r.reply_to):set_generated() end
    if r.stop then t:add(f.stop, r.stop):set_generated() end
    if r.signal then t:add(f.signal, range, r.signal) end
    if r.thread then t:add(f.thread, range, r.thread) end
    if r.console then t:add(f.console, range, visible(r.console)) end
    if r.error then
        t:add(f.error, range, visible(r.error))
        t:add_proto_expert_info(experts.error)
    end
    if r.request then
        t:add(f.request_in, r.request):set_generated()
        t:add(f.time, duration(r.time)):set_generated()
    end
    if r.content and checksum(r.content) ~= tonumber(r.sum, 16) then
        t:add(f.checksum, true):set_generated()
        t:add_proto_expert_info(experts.checksum)
    end
    if wireshark_gdb == nil then wireshark_gdb = Dissector.get("gdb") or false end
    if wireshark_gdb and r.content and tree.visible then
        pcall(wireshark_gdb.call, wireshark_gdb, tvb, pinfo, t)
    end
end

-- Whether somebody looks at the tree, or a filter has a field of ours.
-- A filter changes only between passes over the file.
local own, referenced, last_frame
local function wants_tree(frame, tree)
    if tree.visible then return true end
    if not last_frame or frame <= last_frame then
        own = own or {Dissector.get("debugnet"), Dissector.get("debugnet.rsp")}
        referenced = tree:referenced(own[1]) or tree:referenced(own[2])
    end
    last_frame = frame
    return referenced
end

local function rsp_info(r)
    if r.command then return "request " .. r.info end
    if r.stop then return "stop: " .. r.stop end
    if r.reply then return "reply " .. r.info end
    return r.info
end

-- The RSP packets between a client and netgdb, in a capture of netgdb.
function rsp.dissector(tvb, pinfo, tree)
    local frame = pinfo.number
    local r = results[frame]
    if not r then
        local interface = pinfo.src_port
        local client = clients[interface] or {total = totals.client}
        clients[interface] = client
        r = take_rsp(client, tvb:raw(), pinfo.p2p_dir ~= 1, frame, pinfo.rel_ts)
        results[frame] = r
    end
    pinfo.cols.protocol = "RSP"
    pinfo.cols.src = r.from_stub and "netgdb" or "client"
    pinfo.cols.dst = r.from_stub and "client" or "netgdb"
    if wants_tree(frame, tree) then rsp_tree(r, tvb, pinfo, tree) end
    pinfo.cols.info = rsp_info(r)
    return tvb:len()
end

-- ---- debugnet ----

-- A message of which a datagram has a seqno, for as long as the capture is open:
--   frame, time        of its first copy; last: time of the last copy; copies
--   from_kernel        who sent it
--   acks, acked_by     number of acks, frame of the first one; acked: its time
--   generation, rsp    what is known then: text; the RSP packet that it completes (take_rsp)
-- results[frame] is the message of its first copy and of its acks; of another copy
-- {original, retransmission}; false for an ack of an unknown message.

local function new_session()
    return {kernel = {seq = {}, open = {}, chunk = 0}, server = {seq = {}, open = {}, chunk = 0},
        conversation = {total = totals.wire}, old = 0, new = 0}
end

local function endpoint(address, port)
    return tostring(address) .. ":" .. port .. " "
end

-- Whether a datagram is the kernel's, or a node's: by its ports, else by its HERALD.
local function is_kernels(pinfo, src, dst, type)
    if src == NETGDB_KERNEL or src == NETDUMP_KERNEL then return true end
    if dst == NETGDB_KERNEL or dst == NETDUMP_KERNEL then return false end
    return type == HERALD or kernels[endpoint(pinfo.src, src)] ~= nil
end

-- The session of these endpoints. Looking a pair of ports up is faster than comparing addresses,
-- which is left to messages: their acks follow them.
local function session_of(pinfo, src, dst, from_kernel, is_ack)
    local key = from_kernel and src * 65536 + dst or dst * 65536 + src
    local cached = ports[key]
    if cached and is_ack then return cached end
    local k, s = pinfo.src, pinfo.dst
    if not from_kernel then k, s = s, k end
    if not (cached and cached.kernel_address == k and cached.server_address == s) then
        local kernel, server = endpoint(k, from_kernel and src or dst), endpoint(s, from_kernel and dst or src)
        local name = kernel .. server
        cached = sessions[name]
        if not cached then
            cached = {name = name, kernel = kernel, kernel_address = k, server_address = s,
                session = new_session()}
            sessions[name] = cached
        end
        ports[key] = cached
    end
    return cached
end

-- Finds the message that a chunk belongs to. Its first seqno follows from the size of a chunk, which
-- all but the last have.
local function message_of(dir, seqno, offset, len, total)
    if offset + len < total and len > dir.chunk then dir.chunk = len end
    local start = seqno
    if offset > 0 then
        if dir.chunk == 0 or offset % dir.chunk ~= 0 then return nil end
        start = seqno - offset / dir.chunk
    end
    local message = dir.open[start]
    if not message or message.total ~= total then
        message = {total = total, have = 0, chunks = {}}
        dir.open[start] = message
    end
    return message, start
end

-- Adds a chunk; returns the whole message if it was the last that was missing.
local function reassemble(dir, tvb, seqno, offset, len, total)
    if len == 0 or total > MESSAGE_MAX or offset + len > total then return nil end
    local data = tvb:raw(HEADER, len)
    if len == total then return data end
    local message, start = message_of(dir, seqno, offset, len, total)
    if not message or message.chunks[offset] then return nil end
    message.chunks[offset] = data
    message.have = message.have + len
    if message.have < total then return nil end
    dir.open[start] = nil
    local parts, at = {}, 0
    while at < total do
        local part = message.chunks[at]
        if not part then return nil end
        parts[#parts + 1] = part
        at = at + #part
    end
    return table.concat(parts)
end

-- A kernel of 13.x acknowledges each DATA twice, a later one once.
local function vote(session, sent, now)
    if not sent or sent.copies ~= 1 or sent.acks == 0 then return end
    if sent.acks >= 2 then
        session.old = session.old + 1
    elseif now - sent.acked >= 0.001 then
        session.new = session.new + 1
    end
    session.generation = session.old > session.new and "13.x" or session.new > 0 and "14.0 or later" or nil
end

local function take_ack(pinfo, src, dst, from_kernel, seqno)
    local pair = session_of(pinfo, src, dst, from_kernel, true)
    local session = pair.session
    local sent
    if from_kernel then
        sent = session.server.seq[seqno]
    else
        local herald = kernels[pair.kernel]
        if seqno == 1 and herald and session.herald ~= herald then -- it begins a session
            if session.herald or next(session.server.seq) then
                session = new_session()
                pair.session = session
            end
            session.herald, session.kernel.seq[1] = herald, herald
        end
        sent = session.kernel.seq[seqno]
    end
    if not sent then return false end
    sent.acks = sent.acks + 1
    if sent.acks == 1 then sent.acked, sent.acked_by = pinfo.rel_ts, pinfo.number end
    return sent
end

local function take_message(pinfo, src, dst, from_kernel, tvb, type, seqno, offset, len, total, netdump)
    local now, frame = pinfo.rel_ts, pinfo.number
    local pair = session_of(pinfo, src, dst, from_kernel)
    local session = pair.session
    local dir = from_kernel and session.kernel or session.server
    local sent = dir.seq[seqno]
    if sent then
        local original = {original = sent, retransmission = now - sent.last >= REPEAT_MIN}
        sent.copies, sent.last = sent.copies + 1, now
        return original
    end
    if not from_kernel then vote(session, dir.seq[seqno - 1], now) end
    sent = {frame = frame, time = now, last = now, copies = 1, acks = 0, from_kernel = from_kernel,
        generation = session.generation}
    dir.seq[seqno] = sent
    if type == HERALD then kernels[pair.kernel] = sent end
    if type == DATA and not netdump then
        local message = reassemble(dir, tvb, seqno, offset, len, total)
        if message then sent.rsp = take_rsp(session.conversation, message, from_kernel, frame, now) end
    end
    return sent
end

local function ack_tree(t, sent, tvb, pinfo)
    t:add(f.seqno, tvb(0, 4))
    t:add(f.ack, true):set_generated()
    if not sent then return end
    t:add(f.ack_of, sent.frame):set_generated()
    t:add(f.ack_time, duration(pinfo.rel_ts - sent.time)):set_generated()
    if pinfo.number ~= sent.acked_by then t:add(f.again, true):set_generated() end
end

local function copy_tree(t, r)
    if r.retransmission then
        t:add(f.retransmission, true):set_generated()
        t:add_proto_expert_info(experts.retransmission)
    else
        t:add(f.duplicate, true):set_generated()
        t:add_proto_expert_info(experts.duplicate)
    end
    t:add(f.original, r.original.frame):set_generated()
end

local function message_tree(t, r, tvb, type, netdump)
    local sent = r.original or r
    local item = t:add(f.type, tvb(0, 4))
    if netdump and netdump_names[type] then item:append_text(" " .. netdump_names[type]) end
    t:add(f.seqno, tvb(4, 4))
    t:add(f.offset, tvb(8, 8))
    t:add(f.length, tvb(16, 4))
    t:add(type == HERALD and f.version or f.total, tvb(20, 4))
    if tvb:len() > HEADER then t:add(type == HERALD and f.path or f.data, tvb(HEADER)) end
    if r.original then copy_tree(t, r) end
    if sent.acked_by then t:add(f.acked_by, sent.acked_by):set_generated() end
    if sent.generation then t:add(f.generation, sent.generation):set_generated() end
end

local function describe(r, type, seqno, offset, len, total, netdump)
    local text = (netdump and netdump_names[type] or names[type] or "type " .. type) .. " " .. seqno
    if type == DATA and total == 0 then
        text = text .. " probe"
    elseif type ~= HERALD and len < total then
        text = text .. " bytes " .. offset .. " to " .. offset + len .. " of " .. total
    end
    if r.rsp then text = text .. " " .. rsp_info(r.rsp) end
    if r.original then return text .. (r.retransmission and " [retransmission]" or " [duplicate]") end
    return text
end

local function begin_tree(tvb, tree, from_kernel, info)
    local t = tree:add(debugnet, tvb())
    t:append_text(", " .. info)
    t:add(f.direction, from_kernel and "kernel to server" or "server to kernel"):set_generated()
    return t
end

local function dissect_ack(tvb, pinfo, tree, cols, src, dst)
    local frame = pinfo.number
    local seqno = Struct.unpack(">I4", tvb:raw(0, ACK))
    local sent = results[frame]
    local from_kernel
    if sent == nil then
        from_kernel = is_kernels(pinfo, src, dst)
        sent = take_ack(pinfo, src, dst, from_kernel, seqno)
        results[frame] = sent
    elseif sent then
        from_kernel = not sent.from_kernel
    else
        from_kernel = is_kernels(pinfo, src, dst)
    end
    local again = sent and sent.acked_by ~= frame
    local info = (from_kernel and "kernel: ack " or "server: ack ") .. seqno .. (again and " (again)" or "")
    if wants_tree(frame, tree) then ack_tree(begin_tree(tvb, tree, from_kernel, info), sent, tvb, pinfo) end
    cols.info = info
end

local function dissect_message(tvb, pinfo, tree, cols, src, dst, netdump)
    local frame = pinfo.number
    local len = tvb:len() - HEADER
    local type, seqno, high, low, _, total = Struct.unpack(">I4I4I4I4I4I4", tvb:raw(0, HEADER))
    local offset = high * 4294967296 + low
    local r = results[frame]
    if not r then
        r = take_message(pinfo, src, dst, is_kernels(pinfo, src, dst, type), tvb, type, seqno, offset, len,
            total, netdump)
        results[frame] = r
    end
    local from_kernel = (r.original or r).from_kernel
    local info = (from_kernel and "kernel: " or "server: ")
        .. describe(r, type, seqno, offset, len, total, netdump)
    if wants_tree(frame, tree) then
        message_tree(begin_tree(tvb, tree, from_kernel, info), r, tvb, type, netdump)
        if r.rsp then
            local single = #r.rsp.text == len
            rsp_tree(r.rsp, single and tvb(HEADER):tvb() or ByteArray.new(r.rsp.text, true):tvb("RSP message"),
                pinfo, tree)
        end
    end
    cols.info = info
end

-- Whether it may be a message of debugnet: a header whose length fits, of a known type.
local function is_message(tvb)
    local len = tvb:len()
    if len < HEADER or len > DATAGRAM_MAX then return false end
    local type, seqno, high, low, length, total = Struct.unpack(">I4I4I4I4I4I4", tvb:raw(0, HEADER))
    if seqno == 0 or high ~= 0 or length ~= len - HEADER then return false end
    if type == HERALD then return seqno == 1 and low == 0 and (total == NETGDB_V1 or length == 0) end
    return type == DATA and total <= MESSAGE_MAX and low + length <= total
end

function debugnet.dissector(tvb, pinfo, tree)
    local len = tvb:len()
    if len ~= ACK and (len < HEADER or len > DATAGRAM_MAX) then return 0 end
    local cols, src, dst = pinfo.cols, pinfo.src_port, pinfo.dst_port
    local netdump = src == NETDUMP_KERNEL or dst == NETDUMP_KERNEL or dst == NETDUMP
    cols.protocol = netdump and "netdump" or "debugnet"
    if len == ACK then
        dissect_ack(tvb, pinfo, tree, cols, src, dst)
    else
        dissect_message(tvb, pinfo, tree, cols, src, dst, netdump)
    end
    return len
end

-- A kernel or node on other ports is found by its HERALD; later datagrams belong to its endpoint.
local function heuristic(tvb, pinfo, tree)
    local known = kernels[endpoint(pinfo.src, pinfo.src_port)] or kernels[endpoint(pinfo.dst, pinfo.dst_port)]
    if not (known and (tvb:len() == ACK or is_message(tvb))) and
            not (is_message(tvb) and tvb(20, 4):uint() == NETGDB_V1) then
        return false
    end
    debugnet.dissector(tvb, pinfo, tree)
    return true
end

debugnet:register_heuristic("udp", heuristic)
local udp = DissectorTable.get("udp.port")
for _, port in ipairs({NETGDB, NETGDB_KERNEL, NETDUMP, NETDUMP_KERNEL}) do udp:add(port, debugnet) end

-- ---- statistics ----

local function ms(seconds)
    return string.format("%.3f", seconds * 1000)
end

-- The commands of one layer, those first that took most of the time.
local function layer(title, total)
    local commands, n, time = {}, 0, 0
    for command, t in pairs(total.of) do
        commands[#commands + 1] = command
        n, time = n + t.n, time + t.time
    end
    if n == 0 then return "" end
    table.sort(commands, function(a, b) return total.of[a].time > total.of[b].time end)
    local lines = {string.format("%-20s %8s %12s %10s %10s", title, "requests", "waited ms", "mean ms", "max ms")}
    for _, command in ipairs(commands) do
        local t = total.of[command]
        lines[#lines + 1] = string.format("%-20s %8d %12s %10s %10s", command, t.n, ms(t.time), ms(t.time / t.n),
            ms(t.max))
    end
    lines[#lines + 1] = string.format("%-20s %8d %12s", "all, for the node", n, ms(time))
    lines[#lines + 1] = string.format("%-20s %8d %12s", "for the client", total.n, ms(total.idle))
    return table.concat(lines, "\n") .. "\n"
end

local function statistics()
    return layer("on the wire", totals.wire) .. layer("of the client", totals.client)
end

if gui_enabled() then
    register_menu("debugnet", function()
        local window = TextWindow.new("debugnet: requests")
        window:set(statistics())
    end, MENU_STAT_UNSORTED)
else
    local listener
    function debugnet.prefs_changed()
        if debugnet.prefs.statistics and not listener then
            listener = Listener.new("frame")
            function listener.draw() print(statistics()) end
        end
    end
end
