//! What things mean on a host: the ladder of evidence, rung by rung, and what happens when marks disagree.
//! It does not test cover or drift; it reads claims off the list of components.
//! Invariant tested: nobody is named as a supplier without a mark, and a contested mark names nobody.

use crate::model::rows::{ComponentQuery, ComponentRow, Confidence};
use crate::model::testing::{Script, package, plan, supplier};
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::declaration::Category;
use daicho_schemas::fact::observation::{Ecosystem, Hardware, HardwarePart, Observation, OriginMatch, PackageOrigin};

fn script() -> Script {
    let mut script = Script::with_agent("tos-1");
    for word in ["debian", "docker", "vendor"] {
        script.supplier(supplier(word));
    }
    script.os("debian");
    script
}

fn origin(name: &str, origin: &str, matched: OriginMatch) -> Observation {
    let name = name.to_string();
    let (architecture, suite) = ("amd64".to_string(), None);
    Observation::PackageOrigin(PackageOrigin {
        ecosystem: Ecosystem::Deb,
        name,
        architecture,
        origin: origin.into(),
        suite,
        matched,
    })
}

fn component(script: &Script, name: &str) -> ComponentRow {
    let rows = script.model.components(&ComponentQuery::default()).unwrap().items;
    rows.into_iter().find(|row| row.name == name).unwrap()
}

/// Supplier, or the host's words in brackets; and how sure.
fn claim(script: &Script, name: &str) -> (String, Confidence) {
    let claim = component(script, name).supplier;
    let who = claim.supplier_id.map_or(format!("[{}]", claim.name.en), |id| id.to_string());
    (who, claim.confidence)
}

#[test]
fn the_repository_outranks_vendor_and_maintainer() {
    let mut script = script();
    let mut listed = package("tool", "1", "debian.org").package();
    listed.vendor = Some("vendor".into());
    script.report("dpkg", Outcome::Complete, vec![Observation::Package(listed)]);
    assert_eq!(claim(&script, "tool"), ("vendor".into(), Confidence::High), "vendor before maintainer");
    script.report("apt_index", Outcome::Complete, vec![origin("tool", "Docker", OriginMatch::Version)]);
    assert_eq!(claim(&script, "tool"), ("docker".into(), Confidence::High));
    let evidence = component(&script, "tool").supplier.evidence;
    assert!(
        evidence.contains("Docker") && evidence.contains("outweighs") && evidence.contains("debian.org"),
        "{evidence}"
    );
    script.report("apt_index", Outcome::Complete, vec![origin("tool", "Docker", OriginMatch::NameAndMaintainer)]);
    assert_eq!(claim(&script, "tool"), ("docker".into(), Confidence::Medium));
}

#[test]
fn a_repository_that_no_record_knows_is_named_and_never_matched_by_the_maintainer() {
    let mut script = script();
    script.dpkg(Outcome::Complete, &[package("tool", "1", "debian.org")]);
    script.report("apt_index", Outcome::Complete, vec![origin("tool", "Elsewhere", OriginMatch::Version)]);
    assert_eq!(claim(&script, "tool"), ("[Elsewhere]".into(), Confidence::Low));
    assert_eq!(component(&script, "tool").category, Category::Application);
}

/// What rpm, apk and the others know of where a package came from: the repository where a record recognises its name, else
/// vendor and maintainer as before, and the owner of the signing key where nothing else says anything.
#[test]
fn the_package_managers_own_record_counts_where_a_supplier_is_known_by_it() {
    let mut script = script();
    let from = |name: &str, repository: Option<&str>, signer: Option<&str>| {
        let mut package = package(name, "1", "x.example").package();
        (package.ecosystem, package.maintainer) = (Ecosystem::Rpm, None);
        package.provenance.repository = repository.map(Into::into);
        package.provenance.signer = signer.map(Into::into);
        package
    };
    let mut vendored = from("vendored", Some("baseos"), Some("Docker <security@docker.com>"));
    vendored.vendor = Some("vendor".into());
    let packages = [
        from("of-docker", Some("Docker"), None),
        vendored,
        from("signed", None, Some("Debian (key) <security@debian.org>")),
        from("elsewhere", Some("some-repo"), None),
        from("silent", None, None),
    ];
    script.report("rpm", Outcome::Complete, packages.map(Observation::Package).to_vec());
    assert_eq!(claim(&script, "of-docker"), ("docker".into(), Confidence::High));
    assert_eq!(claim(&script, "vendored"), ("vendor".into(), Confidence::High), "nobody is known by \"baseos\"");
    assert_eq!(claim(&script, "signed"), ("debian".into(), Confidence::Medium));
    assert!(component(&script, "signed").supplier.evidence.contains("signing key"));
    assert_eq!(claim(&script, "elsewhere"), ("[some-repo]".into(), Confidence::Low));
    assert_eq!(component(&script, "silent").supplier.supplier_id, None);
}

#[test]
fn a_package_of_the_systems_supplier_is_part_of_the_system() {
    let mut script = script();
    script
        .dpkg(Outcome::Complete, &[package("bash", "5.2", "lists.debian.org"), package("tool", "1", "vendor.example")]);
    let bash = component(&script, "bash");
    assert_eq!((bash.category, bash.product.as_str()), (Category::OperatingSystem, "debian system"));
    assert_eq!(claim(&script, "bash"), ("debian".into(), Confidence::Medium));
    let tool = component(&script, "tool");
    assert_eq!((tool.category, tool.product.as_str()), (Category::Application, "tool"));
    assert_eq!(claim(&script, "debian system"), ("debian".into(), Confidence::High));
}

#[test]
fn a_maintainer_field_that_no_index_confirms_is_weak_and_kept_apart() {
    let mut script = script();
    script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
    script.dpkg(Outcome::Complete, &[package("bash", "5.2", "debian.org"), package("forged", "1", "debian.org")]);
    assert_eq!(
        claim(&script, "forged"),
        ("debian".into(), Confidence::Medium),
        "without indexes nothing speaks against it"
    );
    script.report("apt_index", Outcome::Complete, vec![origin("bash", "debian", OriginMatch::Version)]);
    assert_eq!(claim(&script, "forged"), ("debian".into(), Confidence::Low));
    assert_eq!(claim(&script, "bash"), ("debian".into(), Confidence::High));
    assert!(component(&script, "forged").supplier.evidence.contains("in no repository index"));
    let equipment = "tos".to_string().try_into().unwrap();
    let lines: Vec<_> =
        script.model.drift(&equipment).into_iter().map(|line| (line.examples, line.supplier.confidence)).collect();
    assert!(lines.contains(&(vec!["forged 1".into()], Confidence::Low)), "a line of its own: {lines:?}");
    script.report("apt_index", Outcome::NotApplicable, vec![]);
    assert_eq!(claim(&script, "forged"), ("debian".into(), Confidence::Medium));
}

#[test]
fn a_mark_that_two_records_claim_names_nobody() {
    let mut script = script();
    let mut second = supplier("vendor-two");
    second.recognise.maintainer_domains = vec!["VENDOR.example".into()];
    script.supplier(second);
    script.dpkg(Outcome::Complete, &[package("tool", "1", "vendor.example")]);
    assert_eq!(claim(&script, "tool"), ("[unknown]".into(), Confidence::Unknown));
    let evidence = component(&script, "tool").supplier.evidence;
    assert!(evidence.contains("vendor, vendor-two"), "{evidence}");
}

#[test]
fn what_nobody_recognises_keeps_its_own_words_and_silence_is_unknown() {
    let mut script = script();
    let mut silent = package("silent", "1", "x.example").package();
    silent.maintainer = None;
    let stranger = package("stranger", "1", "x.example").observation();
    script.report("dpkg", Outcome::Complete, vec![Observation::Package(silent), stranger]);
    assert_eq!(claim(&script, "silent"), ("[unknown]".into(), Confidence::Unknown));
    assert_eq!(claim(&script, "stranger"), ("[Team <team@x.example>]".into(), Confidence::Low));
}

#[test]
fn a_domain_is_matched_with_its_subdomains_and_the_longest_record_wins() {
    let mut script = script();
    let mut inner = supplier("inner");
    inner.recognise.maintainer_domains = vec!["lists.vendor.example".into()];
    script.supplier(inner);
    let of = |name: &str, domain: &str| package(name, "1", domain);
    script.dpkg(
        Outcome::Complete,
        &[of("a", "x.lists.vendor.example"), of("b", "www.vendor.example"), of("c", "notvendor.example")],
    );
    assert_eq!(claim(&script, "a").0, "inner");
    assert_eq!(claim(&script, "b").0, "vendor");
    assert_eq!(claim(&script, "c").1, Confidence::Low);
}

fn hardware(part: HardwarePart, maker: Option<&str>, model: Option<&str>) -> Observation {
    Observation::Hardware(Hardware {
        maker: maker.map(str::to_string),
        model: model.map(str::to_string),
        ..Hardware::new(part, "0", "/sys")
    })
}

#[test]
fn a_machine_is_one_product_of_its_maker() {
    let mut script = script();
    let disk = hardware(HardwarePart::Disk, Some("Other"), Some("D1"));
    script.report(
        "hardware",
        Outcome::Complete,
        vec![disk.clone(), hardware(HardwarePart::System, Some("VENDOR"), Some("R1"))],
    );
    let row = component(&script, "disk:0 Other D1");
    assert_eq!((row.category, row.product.as_str()), (Category::ServerHardware, "VENDOR R1"));
    assert_eq!(claim(&script, "disk:0 Other D1"), ("vendor".into(), Confidence::High));
    script.report("hardware", Outcome::Complete, vec![disk]);
    let row = component(&script, "disk:0 Other D1");
    assert!(row.product.contains("the firmware does not tell the maker"), "the machine as a whole is understood anew");
    assert_eq!(claim(&script, "disk:0 Other D1"), ("[unknown]".into(), Confidence::Unknown));
}

#[test]
fn a_change_of_one_package_among_1500_is_one_judgement() {
    let mut script = script();
    script.plan(plan("plan-1", "tos").host("tos-1").part("os", "operating_system", "debian"));
    let many: Vec<_> = (0..1500).map(|n| package(&format!("p{n:04}"), "1", "debian.org")).collect();
    script.dpkg(Outcome::Complete, &many);
    let before = script.model.drift.understood;
    script.delta("dpkg", vec![package("p0007", "2", "debian.org").observation()], &[]);
    assert_eq!(script.model.drift.understood - before, 1, "only the new version; the old one is gone");
    script.report("apt_index", Outcome::Complete, vec![origin("p0007", "debian", OriginMatch::Version)]);
    let before = script.model.drift.understood;
    script.delta("apt_index", vec![origin("p0008", "debian", OriginMatch::Version)], &[]);
    assert_eq!(script.model.drift.understood - before, 1, "only the package that it now lists");
}
