//! The product lines whose versions we can read: how a device, a CVE record, a KEV row or a CPE name is recognised as one.
//! It does not know versions (`versions/`) or verdicts.
//! Invariant: a name that fits none is none; nothing is taken for a product because it is of the same maker.

use super::versions::{self, Parse};

/// A product line.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// Its name in packs and everywhere else.
    pub id: &'static str,
    /// The maker, as people know it.
    pub vendor: &'static str,
    /// How its versions are read.
    pub parse: Parse,
    /// Versions of one model say nothing of another: an advisory has to name the models.
    pub per_model: bool,
    /// Words in a maker's name, in small letters.
    makers: &'static [&'static str],
    /// How names of its models begin, in capitals, without spaces and hyphens.
    models: &'static [&'static str],
    /// Words in a product's name in CVE and KEV, in small letters.
    named: &'static [&'static str],
    /// Words that make it another product after all.
    not_named: &'static [&'static str],
    /// `vendor:product` in CPE names.
    cpe: &'static [&'static str],
    /// Its address at endoflife.date.
    pub end_of_life_slug: Option<&'static str>,
}

const PLAIN: Product = Product {
    id: "",
    vendor: "",
    parse: versions::generic::parse,
    per_model: false,
    makers: &[],
    models: &[],
    named: &[],
    not_named: &[],
    cpe: &[],
    end_of_life_slug: None,
};

/// Every product line.
pub const PRODUCTS: &[Product] = &[
    Product {
        id: "fortios",
        vendor: "Fortinet",
        parse: versions::fortios::parse,
        makers: &["fortinet"],
        models: &["FORTIGATE", "FORTIWIFI", "FGT", "FWF", "FGVM", "FORTIOS"],
        named: &["fortios"],
        cpe: &["fortinet:fortios"],
        end_of_life_slug: Some("fortios"),
        ..PLAIN
    },
    Product {
        id: "cisco_asa",
        vendor: "Cisco",
        parse: versions::asa::parse,
        makers: &["cisco"],
        models: &["ASA"],
        named: &["adaptive security appliance"],
        cpe: &["cisco:adaptive_security_appliance_software"],
        ..PLAIN
    },
    Product {
        id: "cisco_iosxe",
        vendor: "Cisco",
        parse: versions::iosxe::parse,
        makers: &["cisco"],
        models: &["ISR4", "C11", "C8", "ASR1", "CSR1000"],
        named: &["ios xe"],
        cpe: &["cisco:ios_xe"],
        end_of_life_slug: Some("cisco-ios-xe"),
        ..PLAIN
    },
    Product {
        id: "cisco_ios",
        vendor: "Cisco",
        parse: versions::ios::parse,
        makers: &["cisco"],
        models: &["CISCO8", "CISCO18", "CISCO19", "CISCO28", "CISCO29", "ISR8"],
        named: &["ios"],
        cpe: &["cisco:ios"],
        ..PLAIN
    },
    Product {
        id: "panos",
        vendor: "Palo Alto Networks",
        parse: versions::panos::parse,
        makers: &["palo alto"],
        models: &["PA", "VM"],
        named: &["pan-os"],
        cpe: &["paloaltonetworks:pan-os"],
        end_of_life_slug: Some("pan-os"),
        ..PLAIN
    },
    Product {
        id: "junos",
        vendor: "Juniper Networks",
        parse: versions::junos::parse,
        makers: &["juniper"],
        models: &["SRX", "VSRX", "EX", "MX", "QFX", "ACX", "PTX", "NFX"],
        named: &["junos os", "junos"],
        not_named: &["evolved", "space"],
        cpe: &["juniper:junos"],
        ..PLAIN
    },
    Product {
        id: "sonicos",
        vendor: "SonicWall",
        parse: versions::sonicos::parse,
        makers: &["sonicwall"],
        models: &["TZ", "NSA", "NSSP", "SOHO", "SUPERMASSIVE"],
        named: &["sonicos"],
        not_named: &["sma"],
        cpe: &["sonicwall:sonicos"],
        ..PLAIN
    },
    Product {
        id: "ivanti_ics",
        vendor: "Ivanti",
        parse: versions::ics::parse,
        makers: &["ivanti", "pulse secure", "pulsesecure", "juniper"],
        models: &["ISA", "PSA", "MAG", "ICS", "IVANTICONNECTSECURE", "PULSECONNECTSECURE"],
        named: &["connect secure", "ics"],
        cpe: &["ivanti:connect_secure", "pulsesecure:pulse_connect_secure"],
        ..PLAIN
    },
    Product {
        id: "netscaler",
        vendor: "NetScaler (Citrix)",
        parse: versions::netscaler::parse,
        makers: &["citrix", "netscaler", "cloud software group"],
        models: &["NETSCALER", "MPX", "VPX", "SDX", "CITRIXADC"],
        named: &["netscaler", "application delivery controller", "citrix adc", "citrix gateway"],
        not_named: &["console", "agent", "sd-wan wanop only", "application delivery management"],
        cpe: &["citrix:netscaler_application_delivery_controller", "citrix:netscaler_gateway"],
        ..PLAIN
    },
    Product {
        id: "bigip",
        vendor: "F5",
        parse: versions::bigip::parse,
        makers: &["f5"],
        models: &["BIGIP"],
        named: &["big-ip"],
        not_named: &["big-iq", "next"],
        cpe: &["f5:big-ip_access_policy_manager", "f5:big-ip_local_traffic_manager"],
        end_of_life_slug: Some("big-ip"),
        ..PLAIN
    },
    Product {
        id: "gaia",
        vendor: "Check Point",
        parse: versions::gaia::parse,
        makers: &["check point", "checkpoint"],
        models: &["QUANTUM", "CHECKPOINT", "SPARK", "GAIA"],
        named: &["quantum", "gaia", "security gateway"],
        not_named: &["harmony"],
        cpe: &["checkpoint:gaia_os", "checkpoint:quantum_security_gateway_firmware"],
        ..PLAIN
    },
    Product {
        id: "yamaha_rt",
        vendor: "Yamaha",
        parse: versions::yamaha::parse,
        makers: &["yamaha", "ヤマハ"],
        models: &["RTX", "NVR", "FWX", "VRX", "RT"],
        named: &["rtx", "nvr", "fwx", "vrx", "rtx8", "rtx1", "rtx3", "rtx5", "nvr5", "nvr7", "fwx1"],
        ..PLAIN
    },
    Product {
        id: "nec_ix",
        vendor: "NEC Platforms",
        parse: versions::nec_ix::parse,
        makers: &["nec"],
        models: &["IX"],
        named: &["univerge ix"],
        cpe: &["nec:univerge_ix"],
        ..PLAIN
    },
    Product {
        id: "awplus",
        vendor: "Allied Telesis",
        parse: versions::awplus::parse,
        makers: &["allied tel", "アライドテレシス"],
        models: &["AR", "AT", "X"],
        named: &["alliedware plus", "aw+"],
        ..PLAIN
    },
    Product {
        id: "fitelnet",
        vendor: "Furukawa Electric",
        parse: versions::fitelnet::parse,
        per_model: true,
        makers: &["furukawa", "fnsc", "古河"],
        models: &["F"],
        named: &["fitelnet"],
        ..PLAIN
    },
    Product {
        id: "si_r",
        vendor: "Fsas Technologies",
        parse: versions::si_r::parse,
        per_model: true,
        makers: &["fujitsu", "fsas", "富士通", "エフサス"],
        models: &["SIR"],
        named: &["si-r"],
        ..PLAIN
    },
    Product {
        id: "nxr",
        vendor: "Century Systems",
        parse: versions::nxr::parse,
        per_model: true,
        makers: &["century", "センチュリー"],
        models: &["NXR", "VXR", "WXR"],
        named: &["futurenet nxr", "futurenet vxr", "futurenet wxr", "nxr-", "vxr", "wxr-"],
        ..PLAIN
    },
    Product {
        id: "ud_lt1",
        vendor: "I-O DATA",
        per_model: true,
        makers: &["i-o data", "io data", "iodata", "アイ・オー・データ"],
        models: &["UDLT1"],
        named: &["ud-lt1"],
        ..PLAIN
    },
];

/// Names of series that stand before a model, and are sometimes left out.
const SERIES: [&str; 4] = ["FUTURENET", "UNIVERGE", "FITELNET", "NETVOLANTE"];

/// A name of a model as it is compared: capitals and digits, without the name of the series and what is in parentheses.
pub fn plain_model(name: &str) -> String {
    let name = name.split('(').next().unwrap_or_default();
    let plain: String =
        name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_')).flat_map(char::to_uppercase).collect();
    let rest = SERIES.iter().find_map(|series| plain.strip_prefix(series)).filter(|rest| !rest.is_empty());
    rest.map_or_else(|| plain.clone(), str::to_string)
}

/// Whether a model is meant by a pattern: `RTX1210`, `RTX12*`.
pub fn is_model(model: &str, pattern: &str) -> bool {
    let model = plain_model(model);
    match pattern.strip_suffix('*') {
        Some(begin) => model.starts_with(&plain_model(begin)),
        None => model == plain_model(pattern),
    }
}

/// The product line of a name in packs.
pub fn product(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

/// The product line of an address at endoflife.date.
pub fn of_slug(slug: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.end_of_life_slug == Some(slug))
}

/// The product line of a CPE name: `cpe:/o:fortinet:fortios`, `cpe:2.3:o:fortinet:fortios:7.4.1:…`.
pub fn of_cpe(cpe: &str) -> Option<&'static Product> {
    let cpe = cpe.to_ascii_lowercase();
    let rest = cpe.strip_prefix("cpe:2.3:").or_else(|| cpe.strip_prefix("cpe:/"))?;
    let mut fields = rest.split(':').skip(1);
    let (vendor, product) = (fields.next()?, fields.next()?);
    let name = format!("{vendor}:{product}");
    PRODUCTS.iter().find(|line| line.cpe.contains(&name.as_str()))
}

/// Whether a word stands in a text; a short one has to stand alone: `nec` is not in `connect`.
fn has_word(text: &str, word: &str) -> bool {
    let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        word.len() > 3 || (!joined(before) && !joined(after))
    })
}

impl Product {
    /// Whether a maker's name is its maker's.
    pub fn is_of(&self, maker: &str) -> bool {
        let maker = maker.to_lowercase();
        self.makers.iter().any(|word| has_word(&maker, word))
    }

    /// Whether a CVE record or a KEV row speaks of it.
    pub fn is_named(&self, vendor: &str, product: &str) -> bool {
        let mut product = product.to_lowercase();
        if self.id == "cisco_ios" {
            product = product.replace("ios xe", "").replace("ios xr", "");
        }
        let has = |words: &[&str]| words.iter().any(|word| has_word(&product, word));
        self.is_of(vendor) && has(self.named) && !has(self.not_named)
    }
}

/// The product line of a device: by the parser that read it, or else by maker and model. The version tells IOS from IOS XE.
pub fn of_device(
    family: Option<&str>,
    maker: Option<&str>,
    model: Option<&str>,
    version: Option<&str>,
) -> Option<&'static Product> {
    let by_family = family.and_then(|family| match family {
        "ivanti" | "pulse" => product("ivanti_ics"),
        "sir" | "fujitsu_si_r" => product("si_r"),
        "century_nxr" => product("nxr"),
        "alliedware_plus" => product("awplus"),
        "checkpoint_gaia" | "gaia_clish" => product("gaia"),
        "sonicwall" => product("sonicos"),
        "paloalto" | "pan_os" => product("panos"),
        family => product(family),
    });
    let of_model = || {
        let (maker, model) = (maker?, plain_model(model?));
        let fits = |line: &&Product| line.is_of(maker) && line.models.iter().any(|begin| model.starts_with(begin));
        PRODUCTS.iter().find(fits)
    };
    let found = by_family.or_else(of_model)?;
    if !matches!(found.id, "cisco_ios" | "cisco_iosxe") {
        return Some(found);
    }
    // `15.2(7)E3` is IOS, `17.9.4a` and `3.16.4bS` are IOS XE; a `15.2` alone, as configurations have it, may be either.
    let version = version?.trim();
    if version.contains('(') {
        return product("cisco_ios");
    }
    let major: u32 = version.split('.').next()?.parse().ok()?;
    if major == 3 || major >= 16 { product("cisco_iosxe") } else { None }
}
