-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Dissects debugnet, the protocol of FreeBSD's netgdb(4) and netdump(4), and GDB's remote serial
-- protocol (RSP) inside it, in Wireshark and tshark. Works on captures of `netgdb --capture` and on
-- captures that tcpdump made. Facts: FreeBSD sys/net/debugnet.h, sys/gdb/netgdb.h,
-- sys/netinet/netdump/netdump.h, and the GDB manual, "Remote Protocol".

-- Garbage is collected often, and each time at once: the sooner its memory is used again, the more of it
-- is in the processor's cache.
collectgarbage("setpause", 110)
collectgarbage("setstepmul", 4000)

local unpack, format = Struct.unpack, string.format

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

-- A capture has many datagrams, so what is known of each is numbers in arrays: a table for each would
-- keep the garbage collector busy for longer than tshark needs for the capture.
local endpoints -- of a kernel and a server, by their names: host and port of the kernel, session
local hosts     -- of kernels, by their names
local several   -- whether there are two of them
local ways      -- source port * 65536 + destination port -> direction, kernel's address and endpoints
local kernels   -- port -> address -> number of the last HERALD from there
local clients   -- RSP conversation of each interface
local totals    -- of the wire and of clients: command -> requests and times

-- Messages are numbered. frame -> number of the message of which it is a copy or an ack; 0: unknown.
local message_in
-- number -> frame, time and sender of its first copy; generation of the kernel, as known then;
-- time and frame of the first ack; whether there were more; time of the last copy, if there are several.
local frames, times, by_kernel, generations, acked, acked_by, again, last
local copies  -- frame that is another copy -> whether it is a retransmission

-- Long messages, which arrive in chunks, are kept where the garbage collector does not see them: with
-- them its rounds were so rare that all that lives shortly came to lie in cold memory.
local blocks   -- each of less than BLOCK bytes, so that no message lies in two
local places   -- frame -> the message of several chunks that it completes: block * BLOCK + position
local BLOCK = 16777216

-- frame that completes an RSP packet -> the command of a request or of a reply ("": its request is not
-- there), false of all else; frame of its request or reply; time since its request, or since the reply before.
local commands, partner, waited

function debugnet.init()
    endpoints, hosts, several, ways, kernels, clients = {}, {}, false, {}, {}, {}
    totals = {wire = {n = 0, idle = 0, of = {}}, client = {n = 0, idle = 0, of = {}}}
    message_in, copies, blocks, places = {}, {}, {}, {}
    frames, times, by_kernel, generations, acked, acked_by, again, last = {}, {}, {}, {}, {}, {}, {}, {}
    commands, partner, waited = {}, {}, {}
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

-- Replaces what cannot be shown. This pattern is three times as fast as a search for such a character.
local function visible(text)
    if text:find("^[\32-\126]*$") then return text end
    return (text:gsub("[^\32-\126]", "."))
end

local SHORT = {["+"] = "+", ["-"] = "- (again)", ["\3"] = "Ctrl-C"}
local RESUMES = {c = true, C = true, s = true, S = true, vCont = true, vRun = true}

-- Finds the content of the packet that text has from `at` on: the positions of its first and last byte.
-- Returns nil if there is none.
local function content_of(text, at)
    local _, dollar = text:find("^[+%-]*%$", at)
    local hash = #text - 2
    if dollar and hash > dollar and text:find("^#%x%x", hash) then return dollar + 1, hash - 1 end
end

-- Each of these takes a packet when it is seen first. All else is read from its text when it is shown.

local function take_request(conversation, content, frame, now)
    local total = conversation.total
    if conversation.replied then
        waited[frame] = now - conversation.replied
        conversation.replied = nil
        total.n, total.idle = total.n + 1, total.idle + waited[frame]
    end
    if conversation.content ~= content then -- else it is the same one, sent again
        conversation.content, conversation.command = content, command_of(content)
        conversation.frame, conversation.time = frame, now
    end
    commands[frame] = conversation.command
end

local function count(total, command, time)
    local t = total.of[command]
    if not t then
        t = {n = 0, time = 0, max = 0}
        total.of[command] = t
    end
    t.n, t.time = t.n + 1, t.time + time
    if time > t.max then t.max = time end
end

local function take_reply(conversation, frame, now)
    commands[frame] = conversation.content and conversation.command or ""
    if not conversation.content then return end
    local time = now - conversation.time
    partner[frame], partner[conversation.frame] = conversation.frame, frame
    waited[frame] = time
    conversation.content, conversation.replied = nil, now
    count(conversation.total, conversation.command, time)
end

-- Takes a whole message of one direction, which text has from `at` on. `conversation` remembers the
-- request that waits for a reply: content (nil: none), command, frame and time; replied: time of the
-- last reply.
local function take_rsp(conversation, text, at, from_stub, frame, now)
    local first, last_one = content_of(text, at)
    commands[frame] = false
    if first and not from_stub then
        take_request(conversation, text:sub(first, last_one), frame, now)
    elseif first and not text:find("^O%x%x", first) then -- not output: the reply follows
        take_reply(conversation, frame, now)
    end
end

-- Whether a packet of the stub can be a stop.
local function can_stop(frame)
    local command = commands[frame]
    return command == "" or command == "?" or RESUMES[command]
end

-- The line of the packet that text has from `at` on, after `before`.
local function rsp_info(frame, from_stub, before, text, at)
    local first, last = content_of(text, at)
    if not first then return before .. (SHORT[text:sub(at)] or "part of a stream") end
    local shown = text:sub(first, math.min(last, first + 79))
    if not from_stub then return before .. "request " .. visible(shown) end
    if text:find("^O%x%x", first) then
        return before .. "output: " .. visible(from_hex(text:sub(first + 1, math.min(last, first + 120))):sub(1, 60))
    end
    local stop = can_stop(frame) and stop_of(text:sub(first, last))
    if stop then return before .. "stop: " .. stop end
    return before .. "reply " .. (shown == "" and "unsupported" or visible(shown))
end

local wireshark_gdb -- Wireshark's own dissector, in versions that have it by name; false: none

local function request_tree(t, frame, content, range)
    local command = command_of(content)
    local meaning = meanings[command] or "unknown"
    t:append_text(", request " .. command .. " (" .. meaning .. ")")
    t:add(f.command, range, command)
    t:add(f.meaning, range, meaning):set_generated()
    local address, size = numbers_of(content)
    if address then t:add(f.address, range, UInt64.fromhex(address)) end
    if size then t:add(f.size, range, UInt64.fromhex(size)) end
    if partner[frame] then t:add(f.reply_in, partner[frame]):set_generated() end
    if waited[frame] then t:add(f.think, duration(waited[frame])):set_generated() end
end

local function reply_tree(t, frame, content, range)
    t:append_text(", reply" .. (commands[frame] and " to " .. commands[frame] or ""))
    t:add(f.reply, range, visible(content))
    if commands[frame] then t:add(f.reply_to, commands[frame]):set_generated() end
    local stop, signal
    if can_stop(frame) then stop, signal = stop_of(content) end
    if stop then t:add(f.stop, stop):set_generated() end
    if signal then t:add(f.signal, range, signal) end
    local thread = stop and content:match("thread:([^;]+)")
    if thread then t:add(f.thread, range, thread) end
    if content:find("^E%x%x$") or content:find("^E%.") then
        t:add(f.error, range, visible(content))
        t:add_proto_expert_info(experts.error)
    end
    if partner[frame] then
        t:add(f.request_in, partner[frame]):set_generated()
        t:add(f.time, duration(waited[frame])):set_generated()
    end
end

local function rsp_tree(frame, from_stub, text, tvb, pinfo, tree)
    local range = tvb:range()
    local t = tree:add(rsp, range)
    local first, last = content_of(text, 1)
    local content = first and text:sub(first, last)
    t:add(f.packet, range, visible(text))
    if not content then
        t:append_text(rsp_info(frame, from_stub, ", ", text, 1))
        return
    elseif not from_stub then
        request_tree(t, frame, content, range)
    elseif content:find("^O%x%x") then
        t:append_text(rsp_info(frame, from_stub, ", ", text, 1))
        t:add(f.console, range, visible(from_hex(content:sub(2))))
    else
        reply_tree(t, frame, content, range)
    end
    if checksum(content) ~= tonumber(text:sub(-2), 16) then
        t:add(f.checksum, true):set_generated()
        t:add_proto_expert_info(experts.checksum)
    end
    if wireshark_gdb == nil then wireshark_gdb = Dissector.get("gdb") or false end
    if wireshark_gdb and tree.visible then pcall(wireshark_gdb.call, wireshark_gdb, tvb, pinfo, t) end
end

-- Whether somebody looks at the tree, or a filter has a field of ours; true where this is not known.
-- A filter changes only between passes over the file.
local own, referenced, last_frame
local function wants_tree(frame, tree)
    if tree.visible then return true end
    if not last_frame or frame <= last_frame then
        own = own or {Dissector.get("debugnet"), Dissector.get("debugnet.rsp")}
        local known, wanted = pcall(function() return tree:referenced(own[1]) or tree:referenced(own[2]) end)
        referenced = not known or wanted
    end
    last_frame = frame
    return referenced
end

-- The RSP packets between a client and netgdb, in a capture of netgdb.
function rsp.dissector(tvb, pinfo, tree)
    local frame, len, from_stub = pinfo.number, tvb:len(), pinfo.p2p_dir ~= 1
    local wanted = wants_tree(frame, tree)
    local text = tvb:raw()
    if commands[frame] == nil then
        local interface = pinfo.src_port
        local client = clients[interface]
        if not client then
            client = {total = totals.client}
            clients[interface] = client
        end
        take_rsp(client, text, 1, from_stub, frame, pinfo.rel_ts)
    end
    local cols = pinfo.cols
    cols.protocol = "RSP"
    cols.src = from_stub and "netgdb" or "client"
    cols.dst = from_stub and "client" or "netgdb"
    if wanted then rsp_tree(frame, from_stub, text, tvb, pinfo, tree) end
    cols.info = rsp_info(frame, from_stub, "", text, 1)
    return len
end

-- ---- debugnet ----

local function new_session()
    return {kernel = {seq = {}, open = {}, chunk = 0}, server = {seq = {}, open = {}, chunk = 0},
        conversation = {total = totals.wire}, old = 0, new = 0}
end

-- The last HERALD from an endpoint.
local function herald_of(port, address)
    local there = kernels[port]
    return there and there[tostring(address)]
end

-- Whether a datagram is the kernel's, or a node's: by its ports, else by its HERALD.
local function is_kernels(pinfo, src, dst, type)
    if src == NETGDB_KERNEL or src == NETDUMP_KERNEL then return true end
    if dst == NETGDB_KERNEL or dst == NETDUMP_KERNEL then return false end
    return type == HERALD or herald_of(src, pinfo.src) ~= nil
end

-- The way of a datagram, if one has gone it before. Each look at an address is an object for the collector:
-- the kernel's is enough, which begins each of its sessions with a HERALD, and is not needed if there is one
-- kernel and the server has a port for each session.
local function known_way(pinfo, src, dst)
    local way = ways[src * 65536 + dst]
    if way and (way.of_session and not several or way.kernel == pinfo[way.kernels_side]) then return way end
end

local function new_way(pinfo, src, dst, type)
    local from_kernel = is_kernels(pinfo, src, dst, type)
    local kernel, port, server, server_port = pinfo.src, src, pinfo.dst, dst
    if not from_kernel then kernel, port, server, server_port = server, server_port, kernel, port end
    local host = tostring(kernel)
    local name = host .. " " .. port .. " " .. tostring(server) .. " " .. server_port
    if not endpoints[name] then endpoints[name] = {host = host, port = port, session = new_session()} end
    several = several or next(hosts) ~= nil and not hosts[host]
    hosts[host] = true
    local way = {from_kernel = from_kernel, kernels_side = from_kernel and "src" or "dst", kernel = kernel,
        of_session = server_port ~= NETGDB and server_port ~= NETDUMP and port ~= NETDUMP_KERNEL,
        endpoints = endpoints[name]}
    ways[src * 65536 + dst] = way
    return way
end

-- The way of a datagram. A HERALD may come from where nothing of a kernel was expected.
local function way_of(pinfo, src, dst, type)
    return type ~= HERALD and known_way(pinfo, src, dst) or new_way(pinfo, src, dst, type)
end

-- Finds the message that a chunk belongs to. Its first seqno follows from the size of a chunk, which
-- all but the last have.
local function message_of(dir, seqno, offset, len, total)
    if offset + len < total and len > dir.chunk then dir.chunk = len end
    local step = dir.chunk
    if step == 0 or offset % step ~= 0 or len ~= math.min(step, total - offset) then return nil end
    local start = seqno - offset / step
    local message = dir.open[start]
    if not message or message.total ~= total or message.step ~= step then
        message = {total = total, step = step, have = 0}
        dir.open[start] = message
    end
    return message, start
end

-- Keeps bytes; returns their place.
local function keep(bytes)
    local block = blocks[#blocks]
    if not block or block:len() + bytes:len() >= BLOCK then
        block = ByteArray.new()
        blocks[#blocks + 1] = block
    end
    local at = block:len()
    block:append(bytes)
    return (#blocks - 1) * BLOCK + at
end

local function kept(place, len)
    return blocks[math.floor(place / BLOCK) + 1]:raw(place % BLOCK, len)
end

-- The place of a message of several chunks. They are put together again if they came in another order, or
-- others between them.
local function place_of(message)
    local place, in_order, parts = message[0], true, {}
    for at = 0, message.total - 1, message.step do in_order = in_order and message[at] == place + at end
    if in_order then return place end
    for at = 0, message.total - 1, message.step do
        parts[#parts + 1] = kept(message[at], math.min(message.step, message.total - at))
    end
    return keep(ByteArray.new(table.concat(parts), true))
end

-- Adds a chunk. Returns the place of the message of several chunks that it completes.
local function reassemble(dir, tvb, seqno, offset, len, total)
    local message, start = message_of(dir, seqno, offset, len, total)
    if not message or message[offset] then return nil end
    message[offset] = keep(tvb:bytes(HEADER, len))
    message.have = message.have + len
    if message.have < total then return nil end
    dir.open[start] = nil
    return place_of(message)
end

-- A kernel of 13.x acknowledges each DATA twice, a later one once.
local function vote(session, n, now)
    if not n or last[n] or not acked[n] then return end
    if again[n] then
        session.old = session.old + 1
    elseif now - acked[n] >= 0.001 then
        session.new = session.new + 1
    end
    session.generation = session.old > session.new and "13.x" or session.new > 0 and "14.0 or later" or nil
end

-- Takes an ack; returns the number of its message.
local function take_ack(pinfo, way, seqno)
    local pair = way.endpoints
    local session = pair.session
    local n
    if way.from_kernel then
        n = session.server.seq[seqno]
    else
        local there = seqno == 1 and kernels[pair.port]
        local herald = there and there[pair.host]
        if herald and session.herald ~= herald then -- it begins a session
            if session.herald or next(session.server.seq) then
                session = new_session()
                pair.session = session
            end
            session.herald, session.kernel.seq[1] = herald, herald
        end
        n = session.kernel.seq[seqno]
    end
    if not n then return 0 end
    if acked[n] then
        again[n] = true
    else
        acked[n], acked_by[n] = pinfo.rel_ts, pinfo.number
    end
    return n
end

-- Takes the data of a message's first copy: the RSP that it completes.
local function take_data(session, from_kernel, frame, now, tvb, raw, seqno, offset, len, total)
    local text, at = raw, HEADER + 1
    if len < total then
        local place = reassemble(from_kernel and session.kernel or session.server, tvb, seqno, offset, len, total)
        if not place then return end
        places[frame] = place
        text, at = kept(place, total), 1
    end
    take_rsp(session.conversation, text, at, from_kernel, frame, now)
end

-- Takes a copy of a message; returns the message's number. `raw` is the datagram.
local function take_message(pinfo, way, frame, tvb, raw, type, seqno, offset, len, total, netdump)
    local now, from_kernel, pair = pinfo.rel_ts, way.from_kernel, way.endpoints
    local session = pair.session
    local seq = (from_kernel and session.kernel or session.server).seq
    local n = seq[seqno]
    if n then
        copies[frame] = now - (last[n] or times[n]) >= REPEAT_MIN
        last[n] = now
        return n
    end
    if not from_kernel then vote(session, seq[seqno - 1], now) end
    n = #frames + 1
    frames[n], times[n], by_kernel[n], generations[n] = frame, now, from_kernel, session.generation
    seq[seqno] = n
    if type == HERALD then
        kernels[pair.port] = kernels[pair.port] or {}
        kernels[pair.port][pair.host] = n
        ways = {} -- more is known of their directions
    end
    if type == DATA and not netdump and len > 0 and total <= MESSAGE_MAX and offset + len <= total
        and #raw == HEADER + len then -- not shortened by the capture
        take_data(session, from_kernel, frame, now, tvb, raw, seqno, offset, len, total)
    end
    return n
end

local function ack_tree(t, n, tvb, pinfo)
    t:add(f.seqno, tvb(0, 4))
    t:add(f.ack, true):set_generated()
    if n == 0 then return end
    t:add(f.ack_of, frames[n]):set_generated()
    t:add(f.ack_time, duration(pinfo.rel_ts - times[n])):set_generated()
    if pinfo.number ~= acked_by[n] then t:add(f.again, true):set_generated() end
end

local function copy_tree(t, n, retransmission)
    if retransmission then
        t:add(f.retransmission, true):set_generated()
        t:add_proto_expert_info(experts.retransmission)
    else
        t:add(f.duplicate, true):set_generated()
        t:add_proto_expert_info(experts.duplicate)
    end
    t:add(f.original, frames[n]):set_generated()
end

local function message_tree(t, n, frame, tvb, type, netdump)
    local item = t:add(f.type, tvb(0, 4))
    if netdump and netdump_names[type] then item:append_text(" " .. netdump_names[type]) end
    t:add(f.seqno, tvb(4, 4))
    t:add(f.offset, tvb(8, 8))
    t:add(f.length, tvb(16, 4))
    t:add(type == HERALD and f.version or f.total, tvb(20, 4))
    if tvb:captured_len() > HEADER then t:add(type == HERALD and f.path or f.data, tvb(HEADER)) end
    if copies[frame] ~= nil then copy_tree(t, n, copies[frame]) end
    if acked_by[n] then t:add(f.acked_by, acked_by[n]):set_generated() end
    if generations[n] then t:add(f.generation, generations[n]):set_generated() end
end

-- What a message is, without its data. format() takes half the time of putting numbers together by `..`.
local function describe(from_kernel, type, seqno, offset, len, total, netdump)
    local sender = from_kernel and "kernel" or "server"
    local name = netdump and netdump_names[type] or names[type] or "type " .. type
    if type == DATA and total == 0 then return format("%s: %s %d probe", sender, name, seqno) end
    if type == HERALD or len >= total then return format("%s: %s %d", sender, name, seqno) end
    return format("%s: %s %d bytes %.0f to %.0f of %d", sender, name, seqno, offset, offset + len, total)
end

local function begin_tree(tvb, tree, from_kernel, info)
    local t = tree:add(debugnet, tvb())
    t:append_text(", " .. info)
    t:add(f.direction, from_kernel and "kernel to server" or "server to kernel"):set_generated()
    return t
end

local function dissect_ack(tvb, pinfo, tree, cols, src, dst, way, raw)
    local frame = pinfo.number
    local seqno = unpack(">I4", raw)
    local n = message_in[frame]
    local from_kernel
    if n and n ~= 0 then
        from_kernel = not by_kernel[n]
    else
        way = way or way_of(pinfo, src, dst)
        from_kernel = way.from_kernel
        n = n or take_ack(pinfo, way, seqno)
        message_in[frame] = n
    end
    local again = n ~= 0 and acked_by[n] ~= frame
    local info = format("%s: ack %d%s", from_kernel and "kernel" or "server", seqno, again and " (again)" or "")
    if wants_tree(frame, tree) then ack_tree(begin_tree(tvb, tree, from_kernel, info), n, tvb, pinfo) end
    cols.info = info
end

-- The RSP packet that a frame completes: a text, and where in it the packet begins.
local function packet_of(frame, raw, total)
    local place = places[frame]
    if place then return kept(place, total), 1 end
    return raw, HEADER + 1
end

local function message_trees(frame, n, tvb, pinfo, tree, info, raw, total, type, netdump)
    message_tree(begin_tree(tvb, tree, by_kernel[n], info), n, frame, tvb, type, netdump)
    if commands[frame] == nil then return end
    local text, at = packet_of(frame, raw, total)
    text = text:sub(at)
    rsp_tree(frame, by_kernel[n], text, places[frame] and ByteArray.new(text, true):tvb("RSP message") or tvb(HEADER):tvb(),
        pinfo, tree)
end

local function dissect_message(tvb, pinfo, tree, cols, src, dst, way, raw, netdump, type, seqno, high, low, total)
    local frame, len = pinfo.number, tvb:reported_len() - HEADER
    local offset = high * 4294967296 + low
    local n = message_in[frame]
    if not n then
        way = type ~= HERALD and way or way_of(pinfo, src, dst, type)
        n = take_message(pinfo, way, frame, tvb, raw, type, seqno, offset, len, total, netdump)
        message_in[frame] = n
    end
    local info = describe(by_kernel[n], type, seqno, offset, len, total, netdump)
    if commands[frame] ~= nil then info = rsp_info(frame, by_kernel[n], info .. " ", packet_of(frame, raw, total)) end
    if copies[frame] ~= nil then info = info .. (copies[frame] and " [retransmission]" or " [duplicate]") end
    if wants_tree(frame, tree) then message_trees(frame, n, tvb, pinfo, tree, info, raw, total, type, netdump) end
    cols.info = info
end

-- The fields of a header; its length is last.
local function header_of(raw)
    local type, seqno, high, low, length, total = unpack(">I4I4I4I4I4I4", raw)
    return type, seqno, high, low, total, length
end

-- Whether it may be a message of debugnet: a header whose length fits, of a known type.
local function is_message(len, type, seqno, high, low, total, length)
    if seqno == 0 or high ~= 0 or length ~= len then return false end
    if type == HERALD then return seqno == 1 and low == 0 and (total == NETGDB_V1 or length == 0) end
    return type == DATA and total <= MESSAGE_MAX and low + length <= total
end

local function dissect(tvb, pinfo, tree, len, src, dst, way, raw, ...)
    local cols = pinfo.cols
    local netdump = src == NETDUMP_KERNEL or dst == NETDUMP_KERNEL or dst == NETDUMP
    cols.protocol = netdump and "netdump" or "debugnet"
    if len == ACK then
        dissect_ack(tvb, pinfo, tree, cols, src, dst, way, raw)
    else
        dissect_message(tvb, pinfo, tree, cols, src, dst, way, raw, netdump, ...)
    end
    return len
end

-- Returns the captured bytes of a datagram that may be debugnet's.
local function bytes_of(tvb, len)
    if len ~= ACK and (len < HEADER or len > DATAGRAM_MAX) then return nil end
    local raw = tvb:raw()
    return (#raw >= HEADER or #raw == len) and raw
end

function debugnet.dissector(tvb, pinfo, tree)
    local len = tvb:reported_len()
    local raw = bytes_of(tvb, len)
    if not raw then return 0 end
    local src, dst = pinfo.src_port, pinfo.dst_port
    if len == ACK then return dissect(tvb, pinfo, tree, len, src, dst, nil, raw) end
    return dissect(tvb, pinfo, tree, len, src, dst, nil, raw, header_of(raw))
end

-- A kernel or node on other ports is found by its HERALD; later datagrams belong to its endpoint.
local function heuristic(tvb, pinfo, tree)
    local len = tvb:reported_len()
    local raw = bytes_of(tvb, len)
    if not raw then return false end
    local src, dst = pinfo.src_port, pinfo.dst_port
    local way = known_way(pinfo, src, dst)
    local known = way or herald_of(src, pinfo.src) or herald_of(dst, pinfo.dst)
    if len == ACK then return known and dissect(tvb, pinfo, tree, len, src, dst, way, raw) > 0 end
    local type, seqno, high, low, total, length = header_of(raw)
    if not is_message(len - HEADER, type, seqno, high, low, total, length) then return false end
    if not known and total ~= NETGDB_V1 then return false end
    dissect(tvb, pinfo, tree, len, src, dst, way, raw, type, seqno, high, low, total)
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
