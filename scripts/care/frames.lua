-- SPDX-License-Identifier: GPL-3.0-or-later
-- The frames by which others learn where a guest is now, as bytes. Pure.
local frames = {}

local BROADCAST <const> = ("\xff"):rep(6)

-- "52:54:00:4d:53:0a" as six bytes, or nil.
function frames.mac(text)
  if not text:find "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$" then
    return nil
  end
  return (text:gsub("(%x%x):?", function(two)
    return string.char(tonumber(two, 16))
  end))
end

-- The 16-bit pieces of one side of "::", the last of which may be written as IPv4; nil: it is none.
local function pieces(text)
  local list = {}
  if text == "" then
    return list
  end
  for piece in (text .. ":"):gmatch "([^:]*):" do
    local a, b, c, d = piece:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
    if a then
      list[#list + 1], list[#list + 2] = ("%02x%02x"):format(a, b), ("%02x%02x"):format(c, d)
    else
      list[#list + 1] = piece
    end
  end
  for i, piece in ipairs(list) do
    list[i] = piece:find "^%x%x?%x?%x?$" and tonumber(piece, 16)
    if not list[i] then
      return nil
    end
  end
  return list
end

-- An IPv6 address as 16 bytes, or nil.
function frames.ipv6(text)
  local head, tail = text:match "^(.-)::(.*)$"
  local left, right = pieces(head or text), pieces(tail or "")
  local missing = left and right and 8 - #left - #right
  if not missing or missing < 0 or missing > 0 and not tail then
    return nil
  end
  local list = table.move({ 0, 0, 0, 0, 0, 0, 0, 0 }, 1, missing, #left + 1, left)
  table.move(right, 1, #right, #list + 1, list)
  return string.pack(">I2I2I2I2I2I2I2I2", table.unpack(list))
end

-- The Internet checksum of bytes, whose number is even (RFC 1071).
function frames.checksum(bytes)
  local sum = 0
  for i = 1, #bytes, 2 do
    sum = sum + string.unpack(">I2", bytes, i)
  end
  while sum > 0xffff do
    sum = (sum & 0xffff) + (sum >> 16)
  end
  return ~sum & 0xffff
end

-- "Who has this MAC?", asked by its owner of everybody (RFC 903): all bridges learn where it is. As QEMU does.
function frames.rarp(mac)
  local nobody = ("\0"):rep(4)
  return BROADCAST .. mac .. string.pack(">I2I2I2BBI2", 0x8035, 1, 0x0800, 6, 4, 3) .. mac .. nobody .. mac .. nobody
    .. ("\0"):rep(18)
end

-- An unsolicited neighbour advertisement of an IPv6 address to all nodes, which overrides what they know (RFC 4861).
function frames.advertisement(mac, address)
  local all_nodes = frames.ipv6 "ff02::1"
  local OVERRIDE <const>, TARGET_LINK_ADDRESS <const>, ICMPV6 <const> = 0x20000000, 2, 58
  local rest = string.pack(">I4", OVERRIDE) .. address .. string.pack("BB", TARGET_LINK_ADDRESS, 1) .. mac
  local length = 4 + #rest
  local sum = frames.checksum(address .. all_nodes .. string.pack(">I4I4", length, ICMPV6) .. "\x88\0\0\0" .. rest)
  return "\x33\x33\0\0\0\1" .. mac .. string.pack(">I2I4I2BB", 0x86dd, 6 << 28, length, ICMPV6, 255) .. address
    .. all_nodes .. string.pack(">BBI2", 136, 0, sum) .. rest
end

function frames.hex(bytes)
  return (bytes:gsub(".", function(c)
    return ("%02x"):format(c:byte())
  end))
end

return frames
