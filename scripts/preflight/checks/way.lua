-- SPDX-License-Identifier: GPL-3.0-or-later
-- The way from host to host: names, ports, the daemons' own connection, certificates; and the way back.
local judge = require "preflight.judge"
local line = require "lib.line"
local tls = require "preflight.tls"

local LIVE <const> = "live paused storage"
local FIRST <const>, LAST <const> = 49152, 49215

local function is_loopback(address)
  return address:match "^127%." or address == "::1" or address == "localhost"
end

local function range(host)
  local conf = (host.conf or {})["qemu.conf"] or {}
  return math.tointeger(tonumber(conf.migration_port_min or "")) or FIRST,
    math.tointeger(tonumber(conf.migration_port_max or "")) or LAST
end

local function free_ports(host)
  local first, last = range(host)
  local n = 0
  for port = first, last do
    n = n + (host.busy[tostring(port)] and 0 or 1)
  end
  return n, first, last
end

local function forces_tls(host)
  return (((host.conf or {})["qemu.conf"] or {}).migrate_tls_force or "0") ~= "0"
end

return {
  { id = "hostname", title = "the destination has a name of its own", applies = LIVE, level = "warn",
    needs = { "dest.hostname" }, judge = function(c)
      if c.dest.hostname == "localhost" or c.dest.hostname:match "^localhost%." then
        return { level = "fail", seen = "it calls itself " .. c.dest.hostname, wanted = "a name of its own",
          libvirt = "hostname on destination resolved to localhost, but migration requires an FQDN",
          remedy = line.format("node-hostname %s %s", c.dest.node, c.dest.node) }
      end
      for _, address in ipairs(c.dest.own or {}) do
        if is_loopback(address) then
          return { seen = ("its name %s leads to %s on itself"):format(c.dest.hostname, address),
            wanted = "its own address",
              libvirt = "hostname on destination resolved to localhost, but migration requires "
            .. "an FQDN", why = "libvirt's own choice of an address fails; migsh names the node's address",
            remedy = "hosts-sync" }
        end
      end
    end },
  { id = "resolve", title = "the source finds the destination by its name", applies = LIVE, level = "warn",
    needs = { "dest.hostname", "source.look" }, judge = function(c)
      local addresses = c.source.resolve[c.dest.hostname]
      if not addresses then
        return judge.skip(("%s does not tell what %s resolves to there"):format(c.source.node, c.dest.hostname))
      elseif #addresses == 0 then
        return { node = c.source.node, seen = ("it knows no address of %s"):format(c.dest.hostname), wanted = "one",
          libvirt = ("Unable to resolve address '%s' service '49152': Name or service not known"):format(
            c.dest.hostname), why = "libvirt's own choice of an address fails; migsh names the node's address",
          remedy = "hosts-sync" }
      end
      for _, address in ipairs(addresses) do
        if is_loopback(address) then
          return { node = c.source.node, seen = ("%s leads it to %s"):format(c.dest.hostname, address),
            wanted = "the address of " .. c.dest.node, libvirt = "unable to connect to server: Connection refused",
            why = "libvirt's own choice of an address fails; migsh names the node's address",
            remedy = "hosts-sync" }
        end
      end
    end },
  { id = "port-range", title = "ports for the migration are free", applies = LIVE, needs = { "dest.look" },
    judge = function(c)
      local n, first, last = free_ports(c.dest)
      local wanted = c.mode == "storage" and 2 or 1
      if n < wanted then
        return { seen = ("%d of the ports %d to %d are free"):format(n, first, last), wanted = tostring(wanted),
          libvirt = "Unable to find an unused port in range 'migration' (" .. first .. "-" .. last .. ")",
          remedy = line.format("wait for other migrations, or widen migration_port_min and _max in qemu.conf of %s",
            c.dest.node) }
      end
    end },
  { id = "ports", title = "the source reaches the destination's migration ports", applies = LIVE,
    needs = { "pair.ports" }, judge = function(c)
      local p = c.pair.ports
      if p.reached == false then
        return { seen = ("%s does not reach %s port %s: %s"):format(c.source.node, p.address or c.dest.node,
          tostring(p.port or FIRST), p.error or "no answer"), wanted = ("ports %d-%d open for %s"):format(FIRST, LAST,
            c.source.node), libvirt = ("unable to connect to server at '%s:%s': %s"):format(p.address or c.dest.node,
              tostring(p.port or FIRST), p.error or "Connection timed out"),
          why = "the connection over ssh carries only control",
            remedy = line.format("firewall-open %s --from %s --for 1h --apply", c.dest.node, c.source.node),
          fix = { name = "firewall-open", node = c.dest.node, from = c.source.node } }
      end
    end },
  { id = "p2p", title = "the source's libvirt reaches the destination's", applies = LIVE .. " offline",
    when = function(c)
      return c.options.p2p
    end, judge = function(c)
      local p = c.pair and c.pair.p2p
      if not p then
        return judge.skip(((c.pair or {}).missing or {}).p2p or "not tried")
      elseif not p.reached then
        return { node = c.source.node, seen = ("its root does not reach %s: %s"):format(p.uri or c.dest.node,
          p.error or "no answer"), wanted = "a login without a person",
          libvirt = "operation failed: Failed to connect to remote libvirt URI " .. (p.uri or ""),
            remedy = line.format("key-exchange %s %s, or leave out --p2p",
            c.source.node, c.dest.node) }
      end
    end },
  { id = "tls", title = "both hosts have certificates for the migration", applies = LIVE, when = function(c)
      return c.options.tls or forces_tls(c.dest)
    end, needs = { "source.tls", "dest.tls" }, judge = function(c)
      if not c.options.tls then
        return { seen = "it takes migrations by TLS alone (migrate_tls_force)", wanted = "--tls",
          libvirt = "this libvirtd instance allows migration only with VIR_MIGRATE_TLS flag",
          remedy = "live-migrate … --tls" }
      end
      return tls.findings(c)
    end },
}
