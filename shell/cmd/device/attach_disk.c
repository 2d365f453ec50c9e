// SPDX-License-Identifier: GPL-3.0-or-later
// A disk for a domain, made of single values.
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/device/device.h"
#include "cmd/domain/guest.h"
#include "cmd/rows.h"
#include "io/virt/dom.h"
#include "io/xml.h"

enum {
    DOMAIN,
    SOURCE,
    TARGET,
    TARGETBUS,
    DRIVER,
    SUBDRIVER,
    IOTHREAD,
    CACHE,
    IO,
    TYPE,
    SHAREABLE,
    MODE,
    SOURCETYPE,
    SERIAL,
    WWN,
    ALIAS,
    RAWIO,
    ADDRESS,
    MULTIFUNCTION,
    PRINT_XML,
    PROTOCOL,
    HOST_NAME,
    HOST_TRANSPORT,
    HOST_SOCKET,
    AFFECT
};

static const char *const buses[] = {"ide", "scsi", "virtio", "usb", "sata", "fdc", "sd", "xen", NULL};
static const char *const drivers[] = {"qemu", "file", "tap", "phy", NULL};
static const char *const subdrivers[] = {"raw", "qcow2", "aio", NULL};
static const char *const caches[] = {"default", "none", "writethrough", "writeback", "directsync", "unsafe", NULL};
static const char *const ios[] = {"threads", "native", "io_uring", NULL};
static const char *const types[] = {"disk", "lun", "cdrom", "floppy", NULL};
static const char *const modes[] = {"readonly", "shareable", NULL};
static const char *const sourcetypes[] = {"block", "file", "network", NULL};
static const char *const protocols[] = {"nbd", "rbd",  "sheepdog", "gluster", "iscsi", "http", "https",
                                        "ftp", "ftps", "tftp",     "ssh",     "vxhs",  "nfs",  NULL};
static const char *const transports[] = {"tcp", "unix", "rdma", NULL};

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [SOURCE] = {"source", OPT_STRING, OPTF_POS | OPTF_REQ, "source of disk device or name of network disk"},
    [TARGET] = {"target", OPT_STRING, OPTF_POS | OPTF_REQ, "target of disk device"},
    [TARGETBUS] = {"targetbus", OPT_STRING, OPTF_POS, "target bus of disk device", .choices = buses},
    [DRIVER] = {"driver", OPT_STRING, OPTF_POS, "driver of disk device", .choices = drivers},
    [SUBDRIVER] = {"subdriver", OPT_STRING, OPTF_POS, "subdriver of disk device: its format, with QEMU",
                   .choices = subdrivers},
    [IOTHREAD] = {"iothread", OPT_STRING, OPTF_POS, "IOThread to be used by supported device"},
    [CACHE] = {"cache", OPT_STRING, OPTF_POS, "cache mode of disk device", .choices = caches},
    [IO] = {"io", OPT_STRING, OPTF_POS, "io policy of disk device", .choices = ios},
    [TYPE] = {"type", OPT_STRING, OPTF_POS, "target device type", .choices = types},
    [SHAREABLE] = {"shareable", OPT_BOOL, OPTF_HIDDEN, "the same as --mode shareable", .excludes = "mode"},
    [MODE] = {"mode", OPT_ENUM, OPTF_POS, "mode of device reading and writing", .choices = modes},
    [SOURCETYPE] = {"sourcetype", OPT_ENUM, OPTF_POS, "type of source", .choices = sourcetypes},
    [SERIAL] = {"serial", OPT_STRING, OPTF_POS, "serial of disk device"},
    [WWN] = {"wwn", OPT_STRING, OPTF_POS, "wwn of disk device: 16 hexadecimal digits"},
    [ALIAS] = {"alias", OPT_STRING, OPTF_POS, "custom alias name of disk device"},
    [RAWIO] = {"rawio", OPT_BOOL, 0, "needs rawio capability"},
    [ADDRESS] = {"address", OPT_STRING, OPTF_POS,
                 "address of disk device: pci:0000.01.02.3, scsi:0.0.2, ide:0.1.0, sata:0.0.2, usb:1.2, ccw:fe.0.1"},
    [MULTIFUNCTION] = {"multifunction", OPT_BOOL, 0, "use multifunction pci under specified address"},
    [PRINT_XML] = {"print-xml", OPT_BOOL, 0, "print XML document rather than attach the disk"},
    [PROTOCOL] = {"source-protocol", OPT_STRING, OPTF_POS, "protocol used by disk device source", .choices = protocols},
    [HOST_NAME] = {"source-host-name", OPT_STRING, OPTF_POS, "host name for source of disk device: HOST[:PORT]",
                   .needs = "source-protocol"},
    [HOST_TRANSPORT] = {"source-host-transport", OPT_STRING, OPTF_POS, "host transport for source of disk device",
                        .choices = transports, .needs = "source-protocol"},
    [HOST_SOCKET] = {"source-host-socket", OPT_STRING, OPTF_POS, "host socket for source of disk device",
                     .excludes = "source-host-name", .needs = "source-host-transport"},
    [AFFECT] = AFFECT_ROWS,
    {NULL},
};

// Is it a block device? On this machine that can be seen; of another host's its name has to tell.
static bool is_block(struct cmd_call *c, const char *path)
{
    _cleanup_err_ struct err unknown = ERR_INIT;
    struct node *node = NULL;
    bool root;
    struct stat st;
    if (guest_node(c, &node, &root, &unknown) == 0 && !node)
        return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
    return str_starts(path, "/dev/") && !str_starts(path, "/dev/shm/");
}

static int choose_sourcetype(struct cmd_call *c, const char **ret, struct err *e)
{
    const char *said = c->vals[SOURCETYPE].s, *driver = c->vals[DRIVER].s;
    bool file = driver && (strcmp(driver, "file") == 0 || strcmp(driver, "tap") == 0);
    bool protocol = c->vals[PROTOCOL].s != NULL;
    if (said && protocol != (strcmp(said, "network") == 0))
        return err_set(e, ERR_USAGE, "--source-protocol and --sourcetype network go together");
    *ret = said ? said : protocol ? "network" : !file && is_block(c, c->vals[SOURCE].s) ? "block" : "file";
    return 0;
}

// "HOST", "HOST:PORT", "[2001:db8::1]:PORT", or a bare IPv6 address.
static void add_host(struct buf *b, const char *text)
{
    const char *close = *text == '[' ? strchr(text, ']') : NULL, *colon = strchr(close ? close : text, ':');
    if (colon && strchr(colon + 1, ':'))
        colon = NULL;
    size_t len = close ? (size_t)(close - text - 1) : colon ? (size_t)(colon - text) : strlen(text);
    _cleanup_free_ char *name = xstrndup(close ? text + 1 : text, len);
    xml_add_attribute(b, "name", name);
    xml_add_attribute(b, "port", colon ? colon + 1 : NULL);
}

static void add_source(const struct cmd_call *c, const char *type, struct buf *b)
{
    const struct opt_val *v = c->vals;
    buf_adds(b, "  <source");
    if (strcmp(type, "network") != 0) {
        xml_add_attribute(b, strcmp(type, "block") == 0 ? "dev" : "file", v[SOURCE].s);
        buf_adds(b, "/>\n");
        return;
    }
    xml_add_attribute(b, "protocol", v[PROTOCOL].s);
    xml_add_attribute(b, "name", v[SOURCE].s);
    if (!v[HOST_NAME].s && !v[HOST_TRANSPORT].s) {
        buf_adds(b, "/>\n");
        return;
    }
    buf_adds(b, ">\n    <host");
    xml_add_attribute(b, "transport", v[HOST_TRANSPORT].s);
    if (v[HOST_NAME].s)
        add_host(b, v[HOST_NAME].s);
    xml_add_attribute(b, "socket", v[HOST_SOCKET].s);
    buf_adds(b, "/>\n  </source>\n");
}

// Kinds of addresses: how many numbers they have, the base these are written in, and how they go into the XML.
static const struct address_kind {
    const char *prefix;
    size_t n;
    int base;
    const char *format;
} kinds[] = {
    {"pci:", 4, 16, " type='pci' domain='0x%.4lx' bus='0x%.2lx' slot='0x%.2lx' function='0x%.1lx'"},
    {"scsi:", 3, 10, " type='drive' controller='%lu' bus='%lu' unit='%lu'"},
    {"ide:", 3, 10, " type='drive' controller='%lu' bus='%lu' unit='%lu'"},
    {"sata:", 3, 10, " type='drive' controller='%lu' bus='%lu' unit='%lu'"},
    {"usb:", 2, 10, " type='usb' bus='%lu' port='%lu'"},
    {"ccw:", 3, 16, " type='ccw' cssid='0x%lx' ssid='0x%lx' devno='0x%.4lx'"},
};

// "0000.01.02.3", as many numbers as that, with dots or (as PCI addresses are written) colons between.
static bool read_numbers(const char *text, const struct address_kind *k, unsigned long n[4])
{
    for (size_t i = 0; i < k->n; i++) {
        char *end;
        if (!strchr("0123456789abcdefABCDEF", *text) || !*text)
            return false;
        n[i] = strtoul(text, &end, k->base);
        if (end == text || n[i] > 0xffffffffUL || (i + 1 < k->n ? *end != '.' && *end != ':' : *end != 0))
            return false;
        text = end + 1;
    }
    return true;
}

static int add_address(const struct cmd_call *c, struct buf *b, struct err *e)
{
    const char *text = c->vals[ADDRESS].s;
    unsigned long n[4] = {0};
    for (size_t i = 0; text && i < ARRAY_SIZE(kinds); i++) {
        const struct address_kind *k = &kinds[i];
        if (!str_starts(text, k->prefix) || !read_numbers(text + strlen(k->prefix), k, n))
            continue;
        buf_adds(b, "  <address");
        buf_addf(b, k->format, n[0], n[1], n[2], n[3]);
        buf_addf(b, "%s/>\n", i == 0 && c->vals[MULTIFUNCTION].b ? " multifunction='on'" : "");
        return 0;
    }
    if (!text)
        return 0;
    err_set(e, ERR_USAGE, "--address: '%s' is not an address of a disk", text);
    return err_hint(e, "such as pci:0000.01.02.3, scsi:0.0.2, ide:0.1.0, sata:0.0.2, usb:1.2 or ccw:fe.0.1");
}

static void add_driver(const struct opt_val *v, struct buf *b)
{
    if (!v[DRIVER].s && !v[SUBDRIVER].s && !v[IOTHREAD].s && !v[CACHE].s && !v[IO].s)
        return;
    buf_adds(b, "  <driver");
    xml_add_attribute(b, "name", v[DRIVER].s);
    xml_add_attribute(b, "type", v[SUBDRIVER].s);
    xml_add_attribute(b, "iothread", v[IOTHREAD].s);
    xml_add_attribute(b, "cache", v[CACHE].s);
    xml_add_attribute(b, "io", v[IO].s);
    buf_adds(b, "/>\n");
}

static int make_xml(struct cmd_call *c, struct buf *b, struct err *e)
{
    const struct opt_val *v = c->vals;
    const char *type, *mode = v[SHAREABLE].b ? "shareable" : v[MODE].s;
    if (choose_sourcetype(c, &type, e) < 0)
        return -1;
    if (v[WWN].s && (strlen(v[WWN].s) != 16 || v[WWN].s[strspn(v[WWN].s, "0123456789abcdefABCDEF")]))
        return err_set(e, ERR_USAGE, "--wwn: '%s' is not 16 hexadecimal digits", v[WWN].s);
    buf_adds(b, "<disk");
    xml_add_attribute(b, "type", type);
    xml_add_attribute(b, "device", v[TYPE].s);
    buf_addf(b, "%s>\n", v[RAWIO].b ? " rawio='yes'" : "");
    add_driver(v, b);
    add_source(c, type, b);
    buf_adds(b, "  <target");
    xml_add_attribute(b, "dev", v[TARGET].s);
    xml_add_attribute(b, "bus", v[TARGETBUS].s);
    buf_adds(b, "/>\n");
    if (mode)
        buf_addf(b, "  <%s/>\n", mode);
    xml_add_element(b, 2, "serial", v[SERIAL].s);
    xml_add_empty(b, 2, "alias", "name", v[ALIAS].s);
    xml_add_element(b, 2, "wwn", v[WWN].s);
    if (add_address(c, b, e) < 0)
        return -1;
    buf_adds(b, "</disk>\n");
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_buf_ struct buf xml = BUF_INIT;
    if (make_xml(c, &xml, e) < 0)
        return -1;
    return device_change(c, virt_dom_attach, "attach a disk to", buf_str(&xml), device_affects(c), e);
}

const struct cmd_def cmd_attach_disk = {
    .name = "attach-disk",
    .group = "Devices",
    .summary = "attach disk device",
    .help = AFFECT_HELP
    "\nThe source is a path on the domain's host; --sourcetype says whether it is a file or a block device. Without "
    "it\n"
    "a path on this machine is checked, and a path below /dev on another host is assumed to be a device. --subdriver\n"
    "is the format of the image: without it QEMU treats it as raw.",
    .example = "attach-disk share /var/lib/libvirt/images/data.qcow2 vdb --subdriver qcow2 --persistent\n"
               "attach-disk share /dev/vg0/data vdc --sourcetype block --cache none --config",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Disk attached successfully"},
    .run = run};
