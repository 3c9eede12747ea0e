//! Header words of lists of lines, and words for sorts of lines, in Japanese and English.
//! It does not read rows. Invariant: a word that is not in the lists means nothing, and is never guessed.
//!
//! Left out on purpose: `No.` (a count that shifts between editions), 契約満了日 and 契約終了日 (a contract that goes on by itself is not
//! over), 光回線 (how it is brought in, not what for), IPアドレス (an address is no network), ID・パスワード, 担当者 and 備考.

use crate::tables::headers::folded;
use daicho_schemas::fact::circuit::CircuitSort;

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The operator's own number of the line.
    Key,
    /// The carrier's number of the line.
    Number,
    /// The carrier.
    Carrier,
    /// What sort of line.
    Sort,
    /// The carrier's name of the service.
    Service,
    /// Where it comes in; several columns may say.
    Place,
    /// The equipment that it serves.
    Equipment,
    /// What it is for.
    Purpose,
    /// Who uses it; several columns may say.
    UsedBy,
    /// The contract under which somebody else uses it.
    Contract,
    /// The device at its end.
    Device,
    /// The port of that device.
    Port,
    /// The network at its end.
    Segment,
    /// Its first day.
    StartsOn,
    /// Its last day.
    EndsOn,
}

impl Column {
    /// Whether several columns may mean it.
    pub fn may_repeat(self) -> bool {
        matches!(self, Self::Place | Self::UsedBy)
    }
}

/// The headers that are known, folded.
const HEADERS: &[(Column, &str)] = &[
    (Column::Key, "管理番号 台帳番号 回線管理番号 回線管理id circuitid managementnumber key"),
    (
        Column::Number,
        "回線番号 回線id 契約電話番号 お客様id お客様id(caf/cop番号) caf番号 cop番号 circuitnumber circuitno circuitno. linenumber number",
    ),
    (Column::Carrier, "通信事業者 通信事業者名 電気通信事業者 回線事業者 キャリア キャリア名 carrier"),
    (Column::Sort, "回線種別 回線種類 回線の種類 回線区分 種別 種類 sort kind type circuittype linetype"),
    (Column::Service, "サービス名 サービス サービス名称 サービス品目 品目 回線名 service servicename"),
    (Column::Place, "設置場所 設置拠点 引込場所 引込先 場所 拠点 拠点名 place site location"),
    (Column::Equipment, "特定重要設備 重要設備 対象設備 対象システム システム システム名 equipment system"),
    (Column::Purpose, "用途 利用用途 利用目的 使用目的 目的 purpose"),
    (
        Column::UsedBy,
        "利用者 使用者 利用部署 使用部署 利用部門 利用事業者 利用ベンダー ベンダー ベンダー名 保守会社 保守業者 保守事業者 委託先 usedby user vendor",
    ),
    (Column::Contract, "委託契約 契約 計画書 導入等計画書 委託計画書 計画 contract plan planid"),
    (
        Column::Device,
        "接続機器 接続機器名 接続先機器 収容機器 機器 機器名 装置 装置名 ルーター ルータ ルーター名 ルータ名 device devicename router",
    ),
    (Column::Port, "ポート 接続ポート インターフェース インタフェース 接続口 port interface"),
    (Column::Segment, "ネットワーク ネットワークアドレス セグメント 区画 収容セグメント network segment subnet prefix"),
    (Column::StartsOn, "開始日 利用開始日 契約開始日 開通日 startson start startdate"),
    (Column::EndsOn, "終了日 利用終了日 解約日 廃止日 撤去日 endson end enddate"),
];

/// Words for sorts, folded, beside those of files.
const SORTS: &[(CircuitSort, &str)] = &[
    (CircuitSort::LeasedLine, "専用線 専用回線 専用線サービス leasedline"),
    (CircuitSort::Internet, "インターネット インターネット接続 インターネット回線 internet internetaccess"),
    (
        CircuitSort::Mobile,
        "モバイル モバイル回線 モバイル通信 モバイルデータ通信 携帯 携帯回線 携帯電話 lte lte回線 4g 5g 5g回線 sim mobile",
    ),
    (
        CircuitSort::DialUp,
        "電話 電話回線 加入電話 アナログ アナログ回線 アナログ電話 isdn isdn回線 ダイヤルアップ pstn dialup",
    ),
    (
        CircuitSort::ProviderVpn,
        "ipvpn 広域イーサネット 広域イーサ 広域ethernet 閉域 閉域網 閉域回線 閉域vpn providervpn mpls",
    ),
    (CircuitSort::Other, "その他 other"),
];

/// What a header means.
pub(super) fn column(words: &str) -> Option<Column> {
    named(HEADERS, &folded(words))
}

/// What sort a folded word means.
pub(super) fn sort_of(folded: &str) -> CircuitSort {
    named(SORTS, folded).unwrap_or_default()
}

fn named<T: Copy>(table: &[(T, &str)], folded: &str) -> Option<T> {
    table.iter().find(|(_, known)| known.split(' ').any(|known| known == folded)).map(|(means, _)| *means)
}
