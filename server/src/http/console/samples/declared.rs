//! What was declared, and how one equipment compares: plans, suppliers, equipment.
//! It does not know any real operator or supplier; the names are invented.
//! Invariant: one line of each drift status.

use super::*;
use crate::model::queries::ownership::{AlikeHolder, Holding, OwnershipPath};
use crate::model::queries::radius::*;

pub(in crate::http::console) fn plan() -> Plan {
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
            designated_on: None,
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
            device: None,
            software: String::new(),
            purpose: "アプリケーションの保守".into(),
            supplier_id: SupplierId::new("reiji-soft").unwrap(),
        }],
        contractors: vec![],
        contractor_tiers: vec![],
        filing: Box::default(),
    }
}

pub(in crate::http::console) fn plans() -> Vec<PlanRow> {
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
        plan: Arc::new(plan),
    };
    vec![row(install, Phase::Introduced, "2025-12-30", 3, 41), row(entrust, Phase::Prohibited, "2026-12-08", 1, 1188)]
}

pub(in crate::http::console) fn suppliers() -> Vec<SupplierRow> {
    let record =
        |id: &str, ja: &str, en: &str, number: Option<&str>, country: Option<&str>, aliases: &[&str]| SupplierRecord {
            supplier_id: SupplierId::new(id).unwrap(),
            name: Text::new(ja, en),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            corporate_number: number.map(|text| text.to_string().try_into().unwrap()),
            country_of_law: country.map(|text| text.to_string().try_into().unwrap()),
            address_country: country.map(|text| text.to_string().try_into().unwrap()),
            recognise: Recognise::default(),
            items: Box::default(),
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
        people_erased_on: None,
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

pub(in crate::http::console) fn equipment() -> Vec<EquipmentRow> {
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

pub(in crate::http::console) fn equipment_detail() -> EquipmentDetail {
    let line = |status, category, product: &str, supplier, components, hosts: &[&str], part: Option<&str>| DriftLine {
        status,
        category,
        product: product.into(),
        supplier,
        components,
        examples: vec![format!("{} 1.2.3-4", product.to_lowercase()), "libexample0 0.9".into()],
        hosts: hosts.iter().map(ToString::to_string).collect(),
        hosts_total: hosts.len() as u64,
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
        hosts_total: 4,
        hosts_without_agent: vec!["tos-gw-02".into()],
        findings: findings(),
        duties: duties(),
        rest_in_lists: true,
    }
}

/// What `reiji-soft` touches: a part, a contract in a draft, a way in, and something nobody declared.
pub(in crate::http::console) fn radius() -> Radius {
    let (plan, supplier) = (plan(), SupplierId::new("reiji-soft").unwrap());
    let touch = |role: Role, filed: bool| Touch {
        equipment_id: plan.equipment.equipment_id.clone(),
        equipment_name: plan.equipment.name.clone(),
        place: plan.equipment.place.clone(),
        plan_id: plan.plan_id.clone(),
        plan_kind: if filed { PlanKind::Installation } else { PlanKind::Entrustment },
        filed,
        role,
        supplier_id: supplier.clone(),
        why: [Why::Itself, Why::CountryOfLaw].into(),
    };
    let part = &plan.parts[1];
    let (path, host) = (&plan.remote_paths[0], &plan.equipment.hosts[2]);
    let part = Role::Part { part_id: part.part_id.clone(), name: part.name.clone(), category: part.category };
    let path = Role::RemotePath { remote_path_id: path.remote_path_id.clone(), ends_on: format!("{host} wg0") };
    let seen = SeenTouch {
        equipment_id: plan.equipment.equipment_id.clone(),
        equipment_name: plan.equipment.name.clone(),
        place: plan.equipment.place.clone(),
        product: "reiji-remote-agent".into(),
        category: Category::Application,
        supplier_id: Some(supplier.clone()),
        covered_by: None,
        carried_by: None,
        components: 2,
        hosts: 3,
    };
    let contractor = Role::Contractor {
        above: vec![SupplierId::new("reiji-net").unwrap()],
        below: [SupplierId::new("reiji-sub").unwrap()].into(),
    };
    let holding = |holder: Option<&str>, share: &str| Holding {
        holder_id: HolderId::new("h1").unwrap(),
        holder: Some(Text::new("例示 <持株>", "Reiji & Holdings")),
        holder_supplier_id: holder.map(|id| SupplierId::new(id).unwrap()),
        country_of_law: None,
        supplier_id: supplier.clone(),
        share: share.to_string().try_into().unwrap(),
    };
    let way = OwnershipPath {
        supplier_id: supplier.clone(),
        links: vec![holding(None, "33.34%")],
        product: Some("1667/5000".into()),
        product_percent: Some("33.3400%".into()),
    };
    let name = Some(Text::new("例示ソフト株式会社", "Reiji Soft Co., Ltd. (example)"));
    Radius {
        centre: Centre::Supplier(supplier.clone()),
        suppliers: vec![ReachedSupplier { supplier_id: supplier.clone(), name, why: [Why::Itself].into() }],
        declared: vec![touch(part, true), touch(contractor, false), touch(path, true)],
        seen: vec![seen],
        totals: RadiusTotals { equipment: 1, places: 1, plans: 2, declared: 3, seen: 1, hosts: 3 },
        undecided: Undecided {
            suppliers: vec![SupplierId::new("reiji-net").unwrap()],
            parts: 4,
            holders: vec![SupplierId::new("reiji-net").unwrap()],
            alike: vec![AlikeHolder { holding: holding(None, "1/7"), may_be: SupplierId::new("reiji-soft").unwrap() }],
        },
        paths: vec![way],
        paths_cut: true,
    }
}
