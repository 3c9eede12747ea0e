//! Rows written by hand for looking at pages and for testing them: a fictitious port terminal, and an empty house.
//! They do not come from the model; nothing here says how a row arises.
//! Invariant: every page has a sample here with long names, unknown values and many rows, and one with nothing.

use super::fragments::Tone;
use super::layout::{PageContext, Section, Waiting};
use crate::model::rows::*;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::decision::Hearing;
use daicho_schemas::fact::declaration::*;
use daicho_schemas::fact::observation::*;
use daicho_schemas::fact::supplier::{Recognise, SupplierRecord};
use daicho_schemas::ids::*;
use daicho_schemas::text::{Language, Text};
use daicho_schemas::time::{CalendarDate, UtcMicros};
use daicho_schemas::trouble::{Trouble, TroubleKind};

pub(super) fn at(text: &str) -> UtcMicros {
    text.parse().unwrap()
}

pub(super) fn on(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

fn minute(n: u64) -> UtcMicros {
    at("2026-11-20T22:00:00.000000Z").plus_seconds(i64::try_from(n).unwrap() * 60)
}

pub(super) fn context(language: Language, section: Section) -> PageContext {
    let waiting = Waiting::count(&findings(), &duties());
    PageContext {
        language,
        person: Some("compliance-01".into()),
        here: "/".into(),
        section,
        today: on("2026-11-21"),
        waiting,
    }
}

pub(super) fn empty_context(language: Language, section: Section) -> PageContext {
    PageContext { waiting: Waiting::default(), ..context(language, section) }
}

fn agent(n: u64) -> AgentId {
    AgentId::new(format!("agent-{:032x}", 0x9f3c_0000_0000_u64 + n * 7919)).unwrap()
}

fn claim(id: &str, ja: &str, en: &str, evidence: &str, confidence: Confidence) -> SupplierClaim {
    let supplier_id = (!id.is_empty()).then(|| SupplierId::new(id).unwrap());
    SupplierClaim { supplier_id, name: Text::new(ja, en), evidence: evidence.into(), confidence }
}

fn debian() -> SupplierClaim {
    let evidence = "apt index: Origin Debian (bookworm)";
    claim("debian", "Debian プロジェクト", "Debian Project", evidence, Confidence::High)
}

fn docker() -> SupplierClaim {
    claim("", "Docker", "Docker", "apt index: Origin Docker (bookworm)", Confidence::Low)
}

fn nobody() -> SupplierClaim {
    claim("", "", "", "", Confidence::Unknown)
}

pub(super) fn plan() -> Plan {
    let part = |id: &str, category, filed: &str, name: &str, function: &str, supplier: &str| DeclaredPart {
        part_id: PartId::new(id).unwrap(),
        category,
        category_as_filed: filed.into(),
        name: name.into(),
        function: function.into(),
        supplier_id: SupplierId::new(supplier).unwrap(),
        manufacturing_country: None,
        covers: if supplier == "reiji-soft" { vec!["reiji-tos*".into(), "reiji-yard".into()] } else { vec![] },
    };
    Plan {
        format: PLAN_FORMAT.into(),
        plan_id: PlanId::new("tos-2025-install").unwrap(),
        plan_kind: PlanKind::Installation,
        regime: "jp-espa".into(),
        operator: Operator {
            name: Text::new("例示港運株式会社", "Reiji Port Terminal Co., Ltd. (example)"),
            business: "一般港湾運送".into(),
        },
        equipment: Equipment {
            equipment_id: EquipmentId::new("tos").unwrap(),
            equipment_type: "ターミナルオペレーションシステム".into(),
            name: Text::new("第一コンテナターミナル TOS", "Container terminal 1, TOS"),
            function: "コンテナの積卸し、保管及び搬出入の計画、指示及び管理".into(),
            place: "例示市港一丁目 第一ターミナル管理棟".into(),
            hosts: vec!["tos-app-01".into(), "tos-db-01".into(), "tos-gw-01".into(), "tos-gw-02".into()],
        },
        dates: PlanDates {
            submitted_on: Some(on("2025-11-20")),
            accepted_on: Some(on("2025-12-01")),
            introduced_on: Some(on("2026-02-15")),
            ..PlanDates::default()
        },
        parts: vec![
            part(
                "os",
                Category::OperatingSystem,
                "オペレーティングシステム",
                "Debian GNU/Linux",
                "サーバーの基本ソフトウェア",
                "debian",
            ),
            part(
                "app",
                Category::Application,
                "業務アプリケーション",
                "例示 TOS 統合運用パッケージ 第5版（ヤード計画・ゲート・本船荷役）",
                "ターミナルの計画及び指示",
                "reiji-soft",
            ),
            part("db", Category::Middleware, "ミドルウェア", "PostgreSQL", "データの保管", "debian"),
            part("sw", Category::NetworkDevice, "ネットワーク機器", "例示スイッチ X-200", "構内網の接続", "reiji-net"),
        ],
        remote_paths: vec![DeclaredRemotePath {
            remote_path_id: RemotePathId::new("vpn-reiji-soft").unwrap(),
            host: "tos-gw-01".into(),
            interface: "wg0".into(),
            purpose: "アプリケーションの保守".into(),
            supplier_id: SupplierId::new("reiji-soft").unwrap(),
        }],
        contractors: vec![],
    }
}

pub(super) fn plans() -> Vec<PlanRow> {
    let install = plan();
    let mut entrust = plan();
    entrust.plan_id = PlanId::new("tos-2026-maintain").unwrap();
    entrust.plan_kind = PlanKind::Entrustment;
    entrust.dates =
        PlanDates { submitted_on: Some(on("2026-11-02")), accepted_on: Some(on("2026-11-09")), ..PlanDates::default() };
    entrust.parts = vec![];
    entrust.contractors = vec![SupplierId::new("reiji-soft").unwrap(), SupplierId::new("reiji-hoshu").unwrap()];
    let row = |plan: Plan, phase, through: &str, versions, seq| PlanRow {
        plan_id: plan.plan_id.clone(),
        plan_kind: plan.plan_kind,
        equipment_id: plan.equipment.equipment_id.clone(),
        phase,
        prohibited_through: Some(on(through)),
        versions,
        seq,
        plan,
    };
    vec![row(install, Phase::Introduced, "2025-12-30", 3, 41), row(entrust, Phase::Prohibited, "2026-12-08", 1, 1188)]
}

pub(super) fn suppliers() -> Vec<SupplierRow> {
    let record =
        |id: &str, ja: &str, en: &str, number: Option<&str>, country: Option<&str>, aliases: &[&str]| SupplierRecord {
            supplier_id: SupplierId::new(id).unwrap(),
            name: Text::new(ja, en),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            corporate_number: number.map(|text| text.to_string().try_into().unwrap()),
            country_of_law: country.map(|text| text.to_string().try_into().unwrap()),
            address_country: country.map(|text| text.to_string().try_into().unwrap()),
            recognise: Recognise::default(),
            source: "調達部門の確認票（例示）".into(),
            as_of: on("2026-10-01"),
        };
    let row = |record, parts: &[&str], components, seq| SupplierRow {
        record,
        parts: parts
            .iter()
            .map(|part| (PlanId::new("tos-2025-install").unwrap(), PartId::new(*part).unwrap()))
            .collect(),
        components,
        seq,
    };
    vec![
        row(
            record("debian", "Debian プロジェクト", "Debian Project", None, None, &["Debian", "SPI"]),
            &["os", "db"],
            1489,
            12,
        ),
        row(
            record("reiji-hoshu", "例示保守サービス合同会社", "Reiji Maintenance LLC (example)", None, Some("JP"), &[]),
            &[],
            0,
            1187,
        ),
        row(
            record(
                "reiji-net",
                "例示ネットワーク株式会社",
                "Reiji Networks K.K. (example)",
                Some("8700110005901"),
                Some("JP"),
                &[],
            ),
            &["sw"],
            0,
            13,
        ),
        row(
            record(
                "reiji-soft",
                "株式会社例示港湾情報システムソリューションズ東日本",
                "Reiji Port Information System Solutions East Japan, Inc. (example)",
                None,
                Some("JP"),
                &["例示港湾情報"],
            ),
            &["app"],
            6,
            14,
        ),
    ]
}

pub(super) fn equipment() -> Vec<EquipmentRow> {
    let row = |id: &str, name: Text, plans, hosts: (u64, u64), components: (u64, u64), open: (u64, u64)| EquipmentRow {
        equipment_id: EquipmentId::new(id).unwrap(),
        name,
        equipment_type: "ターミナルオペレーションシステム".into(),
        operator: Text::new("例示港運株式会社", "Reiji Port Terminal Co., Ltd. (example)"),
        place: "例示市港一丁目".into(),
        plans,
        hosts_declared: hosts.0,
        hosts_heard: hosts.1,
        components_covered: components.0,
        components_undeclared: components.1,
        findings_open: open.0,
        duties_open: open.1,
    };
    let second = Text::new(
        "第二コンテナターミナル TOS（予備系を含む全系統・2027年度更新予定）",
        "Container terminal 2, TOS, all lines including standby, renewal planned for fiscal 2027",
    );
    vec![
        row("tos", plan().equipment.name, plans(), (4, 2), (1495, 14), (5, 3)),
        row("tos-2", second, vec![], (2, 2), (812, 0), (0, 0)),
    ]
}

pub(super) fn hosts() -> Vec<HostRow> {
    let row = |n: u64, name: Option<&str>, os: Option<&str>, equipment: Option<&str>, hearing, troubled| HostRow {
        agent_id: agent(n),
        hostname: name.map(Into::into),
        operating_system: os.map(Into::into),
        equipment_id: equipment.map(|id| EquipmentId::new(id).unwrap()),
        hearing,
        revoked: false,
        last_batch_at: name.map(|_| minute(n)),
        last_batch_number: 40 + n,
        components: if name.is_some() { 1503 } else { 0 },
        findings_open: n % 3,
        collectors_troubled: troubled,
    };
    let debian = Some("Debian GNU/Linux 12.5");
    let mut rows = vec![
        row(1, Some("tos-app-01"), debian, Some("tos"), Hearing::Heard, 0),
        row(2, Some("tos-db-01"), debian, Some("tos"), Hearing::Silent, 0),
        row(3, Some("tos-gw-01.terminal-1.control.reiji-port.example"), debian, Some("tos"), Hearing::Heard, 2),
        row(4, Some("yard-tablet-07"), None, None, Hearing::Heard, 1),
        row(5, None, None, None, Hearing::Heard, 0),
        row(6, Some("old-print-server"), Some("Red Hat Enterprise Linux 7.9"), None, Hearing::Silent, 0),
    ];
    rows[5].revoked = true;
    rows
}

/// Many rows, for pages.
pub(super) fn many_hosts() -> Vec<HostRow> {
    let model = &hosts()[0];
    (0..430).map(|n| HostRow { agent_id: agent(n), hostname: Some(format!("yard-{n:03}")), ..model.clone() }).collect()
}

fn finding(n: u64, rule: &str, severity: Severity, title: Text, equipment: Option<&str>) -> FindingRow {
    FindingRow {
        finding_id: FindingId::new(format!("finding-{n:016x}")).unwrap(),
        rule_id: RuleId::new(rule).unwrap(),
        state: FindingState::Open,
        severity,
        title,
        why: Text::new(
            "導入済みの設備に、計画書に記載のない供給者の製品が加わっています。構成設備の変更に当たる場合は、報告又は届出が必要です。",
            "A product of a supplier that no plan names has been added to equipment that was introduced. If it is a change of a component (構成設備), a report or a filing is required.",
        ),
        next: Text::new(
            "作業の記録と照らし、意図した変更かを確かめてください。意図した変更なら、下の義務の問いに答えてください。",
            "Compare it with the work log. If the change was intended, answer the question of the duty below.",
        ),
        equipment_id: equipment.map(|id| EquipmentId::new(id).unwrap()),
        agent_ids: vec![agent(1), agent(3)],
        components: vec!["docker-ce 5:27.3.1-1~debian.12~bookworm".into(), "containerd.io 1.7.22-1".into()],
        supplier: Some(docker()),
        openings: 1,
        opened_at: minute(400 - n),
        opened_seq: 1300 - n,
        closed_at: None,
        closed_seq: None,
        duty_ids: vec![],
    }
}

pub(super) fn findings() -> Vec<FindingRow> {
    let mut first = finding(
        1,
        "undeclared_supplier",
        Severity::Critical,
        Text::new(
            "計画書にない供給者「Docker」の製品が tos-app-01 ほか 1 台にあります",
            "Products of “Docker”, a supplier in no plan, are on tos-app-01 and 1 more host",
        ),
        Some("tos"),
    );
    first.duty_ids = duties().iter().map(|duty| duty.duty_id.clone()).collect();
    let mut closed = finding(
        5,
        "agent_silent",
        Severity::Warning,
        Text::new("tos-app-01 のエージェントから応答がありません", "The agent of tos-app-01 does not answer"),
        Some("tos"),
    );
    closed.state = FindingState::Closed;
    closed.openings = 3;
    closed.closed_at = Some(minute(396));
    closed.closed_seq = Some(1296);
    vec![
        first,
        finding(
            2,
            "remote_path_undeclared",
            Severity::Critical,
            Text::new(
                "tos-gw-01 に届け出ていないトンネル tun0 があります",
                "tos-gw-01 has a tunnel tun0 that no plan declares",
            ),
            Some("tos"),
        ),
        finding(
            3,
            "agent_silent",
            Severity::Warning,
            Text::new("tos-db-01 のエージェントから応答がありません", "The agent of tos-db-01 does not answer"),
            Some("tos"),
        ),
        finding(
            4,
            "undeclared_host",
            Severity::Notice,
            Text::new("yard-tablet-07 はどの計画書にもありません", "yard-tablet-07 is in no plan"),
            None,
        ),
        closed,
    ]
}

pub(super) fn duties() -> Vec<DutyRow> {
    let base = DutyRow {
        duty_id: DutyId::new("duty-00000000000000a1").unwrap(),
        finding_id: FindingId::new("finding-0000000000000001").unwrap(),
        equipment_id: EquipmentId::new("tos").unwrap(),
        plan_id: Some(PlanId::new("tos-2025-install").unwrap()),
        regime: "jp-espa".into(),
        row_id: "espa-install-after-new-supplier".into(),
        phase: Some(Phase::Introduced),
        outcome: DutyOutcome::Report,
        state: DutyState::Open,
        title: Text::new(
            "構成設備の変更の報告：供給者「Docker」の製品の追加",
            "Report a change of components: products of “Docker” were added",
        ),
        form: Some(Text::new("様式第十", "Form 10 (様式第十)")),
        articles: vec![
            Text::new("経済安全保障推進法 第54条第4項後段", "Economic Security Promotion Act, art. 54(4), second half"),
            Text::new("国土交通省関係省令 第25条第2項・第3項", "MLIT ordinance, art. 25(2)(3)"),
        ],
        clock: Text::new("遅滞なく", "without delay (遅滞なく)"),
        due_on: None,
        changed_on: on("2026-11-21"),
        question: Some(Text::new(
            "この変更は、それ自体が新たな「導入」（法第52条第1項）に当たりますか。当たる場合は、あらかじめ届出が必要です。",
            "Is this change itself a new installation (導入, art. 52(1))? If so, it must be filed first.",
        )),
        missing: [
            ("代表者の氏名", "Name of the representative"),
            ("住所", "Address"),
            ("設立準拠法国等", "Country of law (設立準拠法国等)"),
            ("議決権の5％以上を直接に保有する者", "Direct holders of 5 % or more of the votes"),
            ("役員の氏名、生年月日及び国籍等", "Officers: name, date of birth, nationality"),
            ("製造する工場又は事業場の所在地", "Location of the factory or workplace"),
        ]
        .map(|(ja, en)| Text::new(ja, en))
        .to_vec(),
        confidence: "INF".into(),
        caution: Some(Text::new(
            "「導入」は法令で定義されていません。導入後に加わった構成設備の扱いは、所管省庁への確認が必要です。",
            "導入 is not defined in law. How a component added after introduction is treated must be confirmed with the ministry.",
        )),
    };
    let mut first = base.clone();
    first.duty_id = DutyId::new("duty-00000000000000a0").unwrap();
    first.outcome = DutyOutcome::FileFirst;
    first.title = Text::new("重要な変更の案の届出：委託の相手方の変更", "File a change draft: another contractor");
    first.form = Some(Text::new("様式第七（二）", "Form 7(2) (様式第七（二）)"));
    first.articles =
        vec![Text::new("経済安全保障推進法 第54条第1項・第2項", "Economic Security Promotion Act, art. 54(1)(2)")];
    first.clock = Text::new(
        "受理した日から起算して三十日を経過する日まで変更できません",
        "No change until 30 days have passed, counted from the day of acceptance (受理した日から起算)",
    );
    first.due_on = Some(on("2026-12-20"));
    first.phase = Some(Phase::Prohibited);
    first.confidence = "STAT".into();
    first.caution = None;
    first.question = None;
    first.missing = vec![];
    let mut ask = base.clone();
    ask.duty_id = DutyId::new("duty-00000000000000a2").unwrap();
    ask.outcome = DutyOutcome::AskPerson;
    ask.state = DutyState::CauseGone;
    ask.title = Text::new("届け出ていない保守経路の有無の確認", "Find out whether an entrustment is not in the plan");
    ask.form = None;
    ask.plan_id = None;
    ask.phase = None;
    ask.confidence = "MEM".into();
    ask.articles = vec![];
    vec![first, base, ask]
}

pub(super) fn equipment_detail() -> EquipmentDetail {
    let line = |status, category, product: &str, supplier, components, hosts: &[&str], part: Option<&str>| DriftLine {
        status,
        category,
        product: product.into(),
        supplier,
        components,
        examples: vec![format!("{} 1.2.3-4", product.to_lowercase()), "libexample0 0.9".into()],
        hosts: hosts.iter().map(ToString::to_string).collect(),
        part_id: part.map(|id| PartId::new(id).unwrap()),
        plan_id: part.map(|_| PlanId::new("tos-2025-install").unwrap()),
    };
    let soft = claim(
        "reiji-soft",
        "株式会社例示港湾情報システムソリューションズ東日本",
        "Reiji Port Information System Solutions East Japan, Inc. (example)",
        "maintainer: @reiji-soft.example",
        Confidence::Medium,
    );
    let net = claim("reiji-net", "例示ネットワーク株式会社", "Reiji Networks K.K. (example)", "", Confidence::Decided);
    EquipmentDetail {
        row: equipment().remove(0),
        function: plan().equipment.function,
        drift: vec![
            line(
                DriftStatus::Covered,
                Category::OperatingSystem,
                "Debian GNU/Linux",
                debian(),
                1489,
                &["tos-app-01", "tos-gw-01"],
                Some("os"),
            ),
            line(DriftStatus::Covered, Category::Application, "reiji-tos", soft, 6, &["tos-app-01"], Some("app")),
            line(
                DriftStatus::Undeclared,
                Category::Application,
                "docker-ce",
                docker(),
                5,
                &["tos-app-01", "tos-gw-01"],
                None,
            ),
            line(
                DriftStatus::Undeclared,
                Category::ServerHardware,
                "サーバー（ファームウェアに製造者の表示なし）",
                nobody(),
                9,
                &["tos-app-01"],
                None,
            ),
            DriftLine {
                examples: vec![],
                ..line(DriftStatus::NotObservable, Category::Middleware, "PostgreSQL", debian(), 0, &[], Some("db"))
            },
            DriftLine {
                examples: vec![],
                ..line(DriftStatus::NotSeen, Category::NetworkDevice, "例示スイッチ X-200", net, 0, &[], Some("sw"))
            },
        ],
        hosts: hosts().into_iter().take(3).collect(),
        hosts_without_agent: vec!["tos-gw-02".into()],
        findings: findings(),
        duties: duties(),
    }
}

pub(super) fn host_detail() -> HostDetail {
    let coverage = |collector: &str, outcome, items, complete: bool, troubles: Vec<Trouble>| CoverageRow {
        collector: CollectorId::new(collector).unwrap(),
        outcome,
        items,
        reported_at: minute(3),
        complete_at: complete.then(|| minute(2)),
        sources: vec!["/var/lib/dpkg/status".into(), "/etc/os-release".into()],
        troubles,
    };
    let denied = Trouble::new(TroubleKind::NotPermitted, "/sys/class/dmi/id/product_serial", "permission denied");
    let cut = Trouble::new(
        TroubleKind::Malformed,
        "/var/lib/dpkg/status:48211",
        "a stanza without a Package field was skipped",
    );
    let interface = |name: &str, interface_kind, mac: Option<&str>| {
        Observation::NetworkInterface(NetworkInterface {
            name: name.into(),
            interface_kind,
            mac: mac.map(Into::into),
            driver: mac.map(|_| "igb".into()),
        })
    };
    let socket = |protocol, address: &str, port, process: Option<(&str, &str)>| {
        let processes = process.map(|(name, path)| SocketProcess { name: name.into(), executable: Some(path.into()) });
        Observation::ListeningSocket(ListeningSocket {
            protocol,
            address: address.into(),
            port,
            processes: processes.into_iter().collect(),
        })
    };
    let part = |part, slot: &str, maker: Option<&str>, model: Option<&str>, serial: Option<&str>, bytes| {
        Observation::Hardware(Hardware {
            part,
            slot: slot.into(),
            maker: maker.map(Into::into),
            model: model.map(Into::into),
            version: None,
            serial: serial.map(Into::into),
            serial_is_placeholder: serial.is_some_and(|text| text.starts_with("To Be")),
            firmware: None,
            capacity_bytes: bytes,
            count: matches!(part, HardwarePart::Cpu).then_some(16),
            read_from: "/sys/class/dmi/id".into(),
        })
    };
    HostDetail {
        row: hosts().remove(2),
        coverage: vec![
            coverage("dpkg", Outcome::Partial, 1494, true, vec![cut]),
            coverage("rpm", Outcome::NotApplicable, 0, false, vec![]),
            coverage("dmi", Outcome::Failed, 0, false, vec![denied]),
            coverage("network_interfaces", Outcome::Complete, 5, true, vec![]),
        ],
        facts: vec![
            Observation::OperatingSystem(OperatingSystem {
                hostname: Some("tos-gw-01".into()),
                family: "linux".into(),
                os_id: Some("debian".into()),
                os_id_like: vec![],
                name: Some("Debian GNU/Linux".into()),
                version_id: Some("12".into()),
                version: Some("12.5".into()),
                codename: None,
                kernel_release: Some("6.1.0-18-amd64".into()),
                architecture: Some("x86_64".into()),
            }),
            interface("eth0", InterfaceKind::Ethernet, Some("02:00:5e:10:00:01")),
            interface("lo", InterfaceKind::Loopback, None),
            interface("tun0", InterfaceKind::Tun, None),
            interface("wg0", InterfaceKind::Wireguard, None),
            interface("can0", InterfaceKind::Other("can".into()), None),
            socket(SocketProtocol::Tcp, "0.0.0.0", 22, Some(("sshd", "/usr/sbin/sshd"))),
            socket(SocketProtocol::Udp6, "::", 51820, None),
            part(HardwarePart::System, "0", None, None, Some("To Be Filled By O.E.M."), None),
            part(HardwarePart::Cpu, "0", Some("ExampleCorp"), Some("EX-9 3.1 GHz"), None, None),
            part(HardwarePart::Memory, "0", None, None, None, Some(17_179_869_184)),
        ],
        losses: vec!["batches 17 to 19: spool full".into()],
        findings: findings().into_iter().take(2).collect(),
    }
}

pub(super) fn components() -> Vec<ComponentRow> {
    let row = |name: &str, version: Option<&str>, category, product: &str, supplier, hosts, status| ComponentRow {
        component_id: format!("deb:{name}:amd64:{}", version.unwrap_or("-")),
        name: name.into(),
        version: version.map(Into::into),
        architecture: Some("amd64".into()),
        sort: "deb".into(),
        purl: version.map(|version| format!("pkg:deb/debian/{name}@{version}?arch=amd64")),
        category,
        product: product.into(),
        supplier,
        hosts,
        status,
    };
    let os = "Debian GNU/Linux";
    let mut rows = vec![
        row("acl", Some("2.3.1-3"), Category::OperatingSystem, os, debian(), 61_204, Some(DriftStatus::Covered)),
        row(
            "docker-ce",
            Some("5:27.3.1-1~debian.12~bookworm"),
            Category::Application,
            "docker-ce",
            docker(),
            2,
            Some(DriftStatus::Undeclared),
        ),
        row("mystery-agent", None, Category::Application, "mystery-agent", nobody(), 1, None),
    ];
    rows.extend((0..30).map(|n| {
        row(
            &format!("libexample{n}"),
            Some("1.0-1"),
            Category::OperatingSystem,
            os,
            debian(),
            3,
            Some(DriftStatus::Covered),
        )
    }));
    rows
}

pub(super) fn component_detail() -> ComponentDetail {
    let row = components().remove(1);
    let place = |n: u64, name: Option<&str>, equipment: Option<&str>| ComponentPlace {
        agent_id: agent(n),
        hostname: name.map(Into::into),
        equipment_id: equipment.map(|id| EquipmentId::new(id).unwrap()),
        first_seen_at: minute(n * 11),
    };
    ComponentDetail {
        observation: Observation::Package(Package {
            ecosystem: Ecosystem::Deb,
            name: row.name.clone(),
            version: row.version.clone().unwrap(),
            architecture: row.architecture.clone(),
            state: PackageState::Installed,
            source: None,
            maintainer: Some("Docker <support@docker.example>".into()),
            vendor: None,
            multi_arch: None,
        }),
        places: vec![place(1, Some("tos-app-01"), Some("tos")), place(5, None, None)],
        other_versions: vec![ComponentRow { version: Some("5:26.1.0-1".into()), hosts: 1, ..row.clone() }],
        row,
    }
}

/// Every tone, so that a test can see each has its own shape.
pub(super) const TONES: [Tone; 6] = [Tone::Alarm, Tone::Warn, Tone::Note, Tone::Good, Tone::Quiet, Tone::Unknown];
