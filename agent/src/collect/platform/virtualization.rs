//! Whether a machine is a virtual one, by which hypervisor, and whether the agent stands in a container.
//! It does not know who runs the hypervisor. Which words mean what follows systemd-detect-virt(1) and the hypervisors' own manuals.
//! Invariant: "virtual" and "not virtual" each rest on a ground that is told; two grounds that contradict each other say nothing.

use crate::access::Host;
use crate::collect::Gather;
use crate::collect::hardware::placeholder::is_placeholder;
use daicho_schemas::fact::observation::Platform;

/// The flags of one processor; those of the others are equal.
const CPUINFO_BYTES_MAX: usize = 16 * 1024;

const CLOCKS: &str = "/sys/devices/system/clocksource/clocksource0/available_clocksource";

/// Words of the firmware (maker, product, maker of the BIOS), what they mean, and whether only a virtual machine says so: rented
/// machines of these makers can be whole ones.
const WORDS: &[(&str, &str, bool)] = &[
    ("KVM", "kvm", true),
    ("QEMU", "qemu", true),
    ("VMware", "vmware", true),
    ("VMW", "vmware", true),
    ("innotek GmbH", "virtualbox", true),
    ("VirtualBox", "virtualbox", true),
    ("Xen", "xen", true),
    ("HVM domU", "xen", true),
    ("Bochs", "bochs", true),
    ("Parallels", "parallels", true),
    ("BHYVE", "bhyve", true),
    ("Hyper-V", "hyper-v", true),
    ("Apple Virtualization", "apple", true),
    ("Nutanix", "nutanix", false),
    ("Amazon EC2", "amazon", false),
    ("Google", "google", false),
    ("OpenStack", "openstack", false),
    ("Alibaba Cloud", "alibaba", false),
];
/// What Hyper-V says needs two words: the maker makes computers, too.
const HYPER_V: (&str, &str) = ("Microsoft Corporation", "Virtual Machine");

/// What speaks for one answer or the other.
#[derive(Default)]
struct Signs {
    by: Option<String>,
    /// By a sign that only virtual machines give.
    is_virtual: bool,
    /// The processor shows its flags, and none of a hypervisor.
    bare_processor: Option<String>,
    /// The firmware names a maker, and none of the list.
    maker: Option<String>,
    grounds: Vec<String>,
}

/// What is known, with its grounds.
pub(super) fn found(gather: &mut Gather, host: &dyn Host) -> Platform {
    let mut signs = Signs::default();
    firmware(gather, host, &mut signs);
    xen(gather, host, &mut signs);
    processor(gather, host, &mut signs);
    device_tree(gather, host, &mut signs);
    let container = container(gather, host);
    let mut platform = Platform::default();
    if signs.is_virtual {
        platform.is_virtual = Some(true);
        platform.virtual_by = signs.by;
        platform.grounds = signs.grounds;
    } else if let (Some(processor), Some(maker), None) = (signs.bare_processor, signs.maker, &signs.by) {
        platform.is_virtual = Some(false);
        platform.grounds = vec![processor, maker];
    }
    if let Some((sort, ground)) = container {
        platform.container = Some(sort);
        platform.grounds.push(ground);
    }
    platform
}

fn firmware(gather: &mut Gather, host: &dyn Host, signs: &mut Signs) {
    let mut value = |name: &str| gather.value(host, &format!("/sys/class/dmi/id/{name}"));
    let (maker, product, bios) = (value("sys_vendor"), value("product_name"), value("bios_vendor"));
    let Some((by, is_certain, word)) = of_words(maker.as_deref(), product.as_deref(), bios.as_deref()) else {
        signs.maker = maker.filter(|maker| !is_placeholder(maker)).map(|maker| format!("/sys/class/dmi/id: {maker}"));
        return;
    };
    signs.by = Some(by.to_owned());
    signs.is_virtual = is_certain;
    signs.grounds.push(format!("/sys/class/dmi/id: {word}"));
}

/// What words of the firmware mean: the hypervisor, whether only virtual machines say so, and which word it was.
pub(in crate::collect) fn of_words(
    maker: Option<&str>,
    product: Option<&str>,
    bios: Option<&str>,
) -> Option<(&'static str, bool, String)> {
    if maker == Some(HYPER_V.0) && product == Some(HYPER_V.1) {
        return Some(("hyper-v", true, format!("{} {}", HYPER_V.0, HYPER_V.1)));
    }
    // The product goes first: `Standard PC` of QEMU says no more than its maker, "KVM" of a product says more.
    let said = [product, maker, bios].into_iter().flatten();
    let mut known = said.filter_map(|said| WORDS.iter().find(|(word, ..)| said.starts_with(word)));
    known.next().map(|(word, by, is_certain)| (*by, *is_certain, (*word).to_owned()))
}

/// Xen says so itself; its first domain runs the machine and is no guest.
fn xen(gather: &mut Gather, host: &dyn Host, signs: &mut Signs) {
    let Some(kind) = gather.value(host, "/sys/hypervisor/type").filter(|kind| !kind.is_empty()) else { return };
    let capabilities = gather.value(host, "/proc/xen/capabilities").unwrap_or_default();
    if capabilities.contains("control_d") {
        signs.by = Some(kind);
        return;
    }
    signs.grounds.push(format!("/sys/hypervisor/type: {kind}"));
    signs.by = Some(kind);
    signs.is_virtual = true;
}

/// x86 only: a hypervisor shows itself among the flags unless it is told to hide.
fn processor(gather: &mut Gather, host: &dyn Host, signs: &mut Signs) {
    let Ok(reading) = host.read("/proc/cpuinfo", CPUINFO_BYTES_MAX) else { return };
    let text = String::from_utf8_lossy(&reading.bytes);
    let Some(flags) = text.lines().find(|line| line.starts_with("flags")) else { return };
    if !flags.split_whitespace().any(|flag| flag == "hypervisor") {
        signs.bare_processor = Some("/proc/cpuinfo: no flag of a hypervisor".to_owned());
        return;
    }
    // The first domain of Xen shows it, too.
    if signs.by.as_deref() == Some("xen") && !signs.is_virtual {
        return;
    }
    signs.is_virtual = true;
    signs.grounds.push("/proc/cpuinfo: flag hypervisor".to_owned());
    // QEMU calls the machine by its own name, with the kernel's help or without; KVM gives its guests a clock.
    let is_qemu_or_nameless = matches!(signs.by.as_deref(), None | Some("qemu"));
    if is_qemu_or_nameless && gather.value(host, CLOCKS).is_some_and(|clocks| clocks.contains("kvm-clock")) {
        signs.by = Some("kvm".to_owned());
        signs.grounds.push(format!("{CLOCKS}: kvm-clock"));
    }
}

/// ARM and POWER guests name their hypervisor in the device tree: `linux,kvm`, `xen,xen-4.17`.
fn device_tree(gather: &mut Gather, host: &dyn Host, signs: &mut Signs) {
    let Some(said) = gather.value(host, "/proc/device-tree/hypervisor/compatible") else { return };
    let by = ["kvm", "xen", "vmware", "gunyah"].into_iter().find(|by| said.contains(by));
    signs.by = by.map(str::to_owned);
    signs.is_virtual = true;
    signs.grounds.push("/proc/device-tree/hypervisor".to_owned());
}

/// What sort of container the agent stands in, and what shows it.
fn container(gather: &mut Gather, host: &dyn Host) -> Option<(String, String)> {
    let systemd = "/run/systemd/container";
    if let Some(sort) = gather.value(host, systemd) {
        return Some((sort, systemd.to_owned()));
    }
    [("podman", "/run/.containerenv"), ("docker", "/.dockerenv")]
        .into_iter()
        .find(|(_, path)| host.exists(path))
        .map(|(sort, path)| (sort.to_owned(), path.to_owned()))
}
