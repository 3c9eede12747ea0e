//! Refusal: we will not take this. A machine's code, a sentence for a person, and what to do about it.
//! It does not know HTTP; `server/src/http/answers.rs` turns a code into a status.
//! Invariant: every code stands once in the list below, has a remedy in both languages, and is never reused.

use crate::text::{Text, printable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! refusals {
    ($($variant:ident = $code:literal, ($ja:literal, $en:literal), ($remedy_ja:literal, $remedy_en:literal);)+) => {
        /// Why something was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum RefusalCode {
            $(#[doc = $en] #[serde(rename = $code)] $variant),+
        }

        /// Every code, in the order of the documentation.
        pub const REFUSAL_CODES: &[RefusalCode] = &[$(RefusalCode::$variant),+];

        impl RefusalCode {
            /// The code as machines see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What happened.
            pub fn text(self) -> Text {
                match self { $(Self::$variant => Text::new($ja, $en)),+ }
            }

            /// What to do.
            pub fn remedy(self) -> Text {
                match self { $(Self::$variant => Text::new($remedy_ja, $remedy_en)),+ }
            }
        }
    };
}

refusals! {
    BatchMalformed = "batch_malformed",
        ("バッチを読めません。途中で切れているか、形式が違います。", "The batch cannot be read: it is cut short or not of this format."),
        ("何もしなくて構いません。エージェントは次回、全件を送り直します。繰り返す場合はエージェントとサーバーの版を確認してください。", "Nothing to do: the agent sends a full report next time. If it repeats, compare the releases of agent and server.");
    BatchTooLarge = "batch_too_large",
        ("バッチが上限を超えています。", "The batch is larger than the limit."),
        ("`daicho-agent status` で件数を確認し、対象を分けてください。", "Look at the counts in `daicho-agent status` and split what is collected.");
    BatchSignatureWrong = "batch_signature_wrong",
        ("署名がバッチと鍵に合いません。", "The signature does not fit the batch and the key."),
        ("途中で書き換えられた疑いがあります。中継装置とエージェントのホストを調べ、問題がなければ再登録してください。", "Something changed it on the way. Look at proxies and at the agent's host; enrol it anew if both are sound.");
    BatchForOtherAgent = "batch_for_other_agent",
        ("別のエージェントのバッチです。エージェントは自分のことしか報告できません。", "The batch speaks for another agent. An agent can only speak for itself."),
        ("状態フォルダーが複製されていないか確認し、複製した側を再登録してください。", "See whether the agent's state folder was copied; enrol the copy anew.");
    BatchNumberReused = "batch_number_reused",
        ("この番号は、内容の違うバッチで使用済みです。", "This number was used for a different batch."),
        ("同じ鍵を持つ複製がある疑いがあります。複製した側を再登録してください。", "A clone may hold the same key: enrol the clone anew.");
    BatchOutOfOrder = "batch_out_of_order",
        ("より新しいバッチを受理済みです。", "A later batch of this agent is already in the ledger."),
        ("エージェントは全件を新しい番号で送り直します。古いバッチは エージェントの `refused` フォルダーに残ります。", "The agent sends a full report under a new number; the old batch stays in its `refused` folder.");
    BatchFromTheFuture = "batch_from_the_future",
        ("バッチの日時がサーバーの時計より先です。", "The batch is dated ahead of the server's clock."),
        ("ホストとサーバーの時刻同期（NTP）を直してください。バッチはスプールに残り、後で送られます。", "Set the clocks of host and server (NTP). The batch stays in the spool and is sent later.");
    FullReportNeeded = "full_report_needed",
        ("差分の元になる状態をサーバーが持っていません。", "The server does not have the state that this difference starts from."),
        ("何もしなくて構いません。エージェントが全件を送ります。", "Nothing to do: the agent sends a full report.");
    ReportInconsistent = "report_inconsistent",
        ("報告の内容とその要約値（digest）が合いません。", "A report does not fit its own digest."),
        ("何もしなくて構いません。エージェントが全件を送ります。繰り返す場合は不具合として知らせてください。", "Nothing to do: the agent sends a full report. If it repeats, report it as a bug.");
    AgentUnknown = "agent_unknown",
        ("登録されていないエージェントです。", "This agent is not enrolled here."),
        ("`daicho agent token` で登録トークンを作り、`daicho-agent enroll` を実行してください。", "Make a token with `daicho agent token` and run `daicho-agent enroll`.");
    AgentRevoked = "agent_revoked",
        ("このエージェントは失効しています。", "This agent was revoked."),
        ("失効が誤りなら、状態フォルダーを空にして再登録してください。", "If that was a mistake, empty the agent's state folder and enrol it anew.");
    AgentAlreadyEnrolled = "agent_already_enrolled",
        ("この鍵は登録済みです。", "This key is enrolled already."),
        ("複製したホストなら、状態フォルダーを空にして再登録してください。", "On a cloned host, empty the agent's state folder and enrol it anew.");
    CertificateMissing = "certificate_missing",
        ("クライアント証明書がありません。", "There is no client certificate."),
        ("`daicho-agent enroll` を実行してください。途中の中継装置が TLS を終端していないかも確認してください。", "Run `daicho-agent enroll`; see that no proxy ends TLS on the way.");
    TokenUsed = "token_used",
        ("この登録トークンは使用済みです。", "This enrolment token was used already."),
        ("心当たりがなければ、登録済みのホストを確認してください。新しいトークンは `daicho agent token` で作れます。", "If that was not you, look at who enrolled. Make a new one with `daicho agent token`.");
    TokenExpired = "token_expired",
        ("この登録トークンは期限切れです。", "This enrolment token has expired."),
        ("`daicho agent token` で新しいトークンを作ってください。", "Make a new one with `daicho agent token`.");
    TokenUnknown = "token_unknown",
        ("登録トークンを確認できません。", "This enrolment token is not known here."),
        ("トークンの全文を写したか、接続先のサーバーが正しいか確認してください。", "See that the whole token was copied and that this is the right server.");
    RequestMalformed = "request_malformed",
        ("リクエストを読めません。", "The request cannot be read."),
        ("下の詳細を見て直してください。", "See the detail and correct it.");
    BodyTooLarge = "body_too_large",
        ("送られた内容が上限を超えています。", "What was sent is larger than the limit."),
        ("ファイルを分けて送ってください。", "Split the file and send the parts.");
    PlanMalformed = "plan_malformed",
        ("計画ファイルを読めません。", "The plan file cannot be read."),
        ("下に示す行と項目を直してください。項目の一覧は schemas/json/plan.v1.schema.json にあります。", "Correct the line and field named below; schemas/json/plan.v1.schema.json lists every field.");
    SuppliersMalformed = "suppliers_malformed",
        ("供給者ファイルを読めません。", "The supplier file cannot be read."),
        ("下に示す行と項目を直してください。項目の一覧は schemas/json/suppliers.v1.schema.json にあります。", "Correct the line and field named below; schemas/json/suppliers.v1.schema.json lists every field.");
    AlertsMalformed = "alerts_malformed",
        ("通知先ファイルを読めません。", "The routing file of alerts cannot be read."),
        ("下に示す行と項目を直し、`daicho alerts check` で確かめてください。項目の一覧は schemas/json/alerts.v1.schema.json にあります。", "Correct the line and field named below and run `daicho alerts check`; schemas/json/alerts.v1.schema.json lists every field.");
    InventoryMalformed = "inventory_malformed",
        ("インベントリファイルを読めません。", "The inventory file cannot be read."),
        ("`daicho-agent inventory --format json` の出力をそのまま渡してください。", "Give it what `daicho-agent inventory --format json` wrote, unchanged.");
    ChangeMalformed = "change_malformed",
        ("予定する変更のファイルを読めません。", "The file of a planned change cannot be read."),
        ("下に示す行と項目を直してください。項目と変更の種類の一覧は schemas/json/change.v1.schema.json にあります。", "Correct the line and field named below; schemas/json/change.v1.schema.json lists every field and every sort of change.");
    SupplierUnknown = "supplier_unknown",
        ("記録にない供給者が指定されています。", "A supplier is named that has no record."),
        ("先に `daicho supplier import` で供給者を登録してください。サーバーなしで確かめるときは、`--suppliers` のファイルに加えます。", "Import the supplier first with `daicho supplier import`; without a server, add it to the file given with `--suppliers`.");
    PersonalDataInClear = "personal_data_in_clear",
        ("役員など個人の情報を、暗号化せずに台帳へ記録することはできません。", "Data of people, such as officers, cannot enter the ledger in clear."),
        ("個人の情報（representative、officers、個人の holders）を除いて取り込むか、手元のファイルだけに置いてください。", "Import the records without people (representative, officers, holders who are persons), or keep those in files of your own only.");
    SpreadsheetMalformed = "spreadsheet_malformed",
        ("表（XLSX・CSV）を読めません。", "The spreadsheet (XLSX, CSV) cannot be read."),
        ("下に示す箇所を直してください。XLSX は表計算ソフトで開いて保存し直すと読めることがあります。", "Correct the place named below. An XLSX file can often be mended by opening it in a spreadsheet program and saving it again.");
    DecisionMalformed = "decision_malformed",
        ("構成要素についての決定を読めません。", "The decision about components cannot be read."),
        ("下に示す項目を直してください。対象（components）、決定の内容（supplier_id、category、part_of_equipment のどれか）、理由（reason）が要ります。", "Correct the field named below. A decision needs what it applies to (components), what is decided (supplier_id, category or part_of_equipment) and why (reason).");
    DecisionSupplierUnknown = "decision_supplier_unknown",
        ("決定が、記録にない供給者を指しています。", "The decision names a supplier that has no record."),
        ("先に `daicho supplier import` で供給者を登録するか、id の綴りを直してください。", "Import the supplier first with `daicho supplier import`, or correct its id.");
    DecisionContradicts = "decision_contradicts",
        ("同じ構成要素について、別の決定が有効です。", "Another decision about the same components stands."),
        ("下に示す決定を確かめてください。変えるときは、その id を replaces に書きます。", "Look at the decision named below. To change it, give its id as replaces.");
    DecisionEnded = "decision_ended",
        ("その決定は、もう有効ではありません。", "That decision stands no more."),
        ("下に示す、今有効な決定を使ってください。", "Use the one that stands now, named below.");
    DutyMovedMeanwhile = "duty_moved_meanwhile",
        ("この義務は、その間に別の人が動かしました。", "Somebody else has moved this duty meanwhile."),
        ("下に示す今の状態を確かめ、必要ならそこから動かしてください。", "Look at where it stands now, as named below, and move it from there if it is still needed.");
    DutyMoveImpossible = "duty_move_impossible",
        ("義務をこの状態に動かすことはできません。", "The duty cannot go to this state from where it is."),
        ("受理（accepted）の前に提出（submitted）、禁止期間の経過（cleared）の前に受理が要ります。下に示す状態を先に記録してください。", "It is accepted only after it was submitted, and cleared only after it was accepted. Record the state that is named below first.");
    DutyProhibited = "duty_prohibited",
        ("禁止期間が終わっていません。", "The prohibition period is not over."),
        ("下に示す日まで、変更も完了の記録もできません。主務大臣が期間を短縮したときは、先にその日（prohibited_through）を記録してください。", "Until the day named below nothing may be changed or recorded as done. If the minister shortened the period, record its last day (prohibited_through) first.");
    DutyDateWrong = "duty_date_wrong",
        ("日付が正しくありません。将来の日か、前の段階より早い日か、法令の範囲の外です。", "The date is wrong: it lies in the future, before an earlier step, or outside what the law allows."),
        ("下に示す範囲の、日本の暦の日を入力してください。", "Give a day of the calendar in Japan within the range named below.");
    DutyReasonMissing = "duty_reason_missing",
        ("理由がありません。判断、届出不要、後戻りには理由が要ります。", "The reason is missing: a judgement, a decision that nothing is to be filed, and a step back each need one."),
        ("なぜそう判断したかを reason に書いてください。台帳に残ります。", "Write why in reason. It stays in the ledger.");
    DutyCautionUnread = "duty_caution_unread",
        ("この義務の判定は法令の条文だけに基づくものではありません。", "What is said of this duty does not rest on the statute alone."),
        ("義務の注意書きを読み、確認した（caution_read）と示してから、届出不要としてください。", "Read the duty's caution and say that you did (caution_read) before you decide that nothing is to be filed.");
    ComputerWrong = "computer_wrong",
        ("電子計算機についての判断を、このままでは受け付けられません。", "The decision on the computer cannot be taken as it is."),
        ("下に示す項目を直してください。区分・単位・除外の id は `daicho regimes show jp-acd` で見られます。", "Correct the field named below; `daicho regimes show jp-acd` lists categories, units and exemptions by id.");
    ComputerExemptionWrong = "computer_exemption_wrong",
        ("この製品には、その除外は当てはまりません。", "The exemption does not fit this product."),
        ("製品名と製造者の名称を確かめるか、除外（exempt_by）を外してください。除外されるのは届出だけで、インシデント報告の義務は残ります。", "See that product and maker are spelled rightly, or leave exempt_by out. An exemption is from notification only; the duty to report incidents remains.");
    ComputerSubstituteWrong = "computer_substitute_wrong",
        ("その計画書では様式に代えられません。", "That plan cannot stand in for the form."),
        ("届け出た計画書に、製品名と同じ名称と、製造者と同じ供給者が書かれていることが要ります。計画を直すか、filed_in を外してください。", "A plan that was filed must show the same name as product and the same supplier as maker. Correct the plan, or leave filed_in out.");
    ComputerChangeDayWrong = "computer_change_day_wrong",
        ("届け出たあとの変更の日（changed_on）が正しくありません。", "The day on which what was notified changed (changed_on) is wrong."),
        ("届出を提出した電子計算機の内容を変えるときは、変わった日を書いてください。まだ提出していなければ changed_on は書かず、先の届出があれば義務に提出を記録してください。", "Once a notification was submitted, say on which day what it states changed. Before that leave changed_on out; if it was submitted, record that in its duty first.");
    ComputerJudgedMeanwhile = "computer_judged_meanwhile",
        ("この電子計算機は、その間に別の判断がされています。", "Somebody else has decided about this computer meanwhile."),
        ("下に示す今の判断を確かめ、それでも変えるなら replaces にその記録の番号を書いてください。", "Look at the decision that stands, as named below; to change it, give its entry in replaces.");
    CheckAnswerWrong = "check_answer_wrong",
        ("チェックリストへの回答を、このままでは受け付けられません。", "The answer to the check list cannot be taken as it is."),
        ("下に示す項目を直してください。「はい」以外には理由（note）が要ります。", "Correct the field named below. Every answer but yes needs its reason (note).");
    CheckAnsweredMeanwhile = "check_answered_meanwhile",
        ("この項目は、その間に別の回答がされています。", "Somebody else has answered this item meanwhile."),
        ("下に示す今の回答を確かめ、それでも変えるなら replaces にその記録の番号を書いてください。", "Look at the answer that stands, as named below; to change it, give its entry in replaces.");
    TicketExists = "ticket_exists",
        ("この id のチケットは、すでにあります。", "There is a ticket of this id already."),
        ("別の id（change_id）にするか、下に示す版を見てから、その記録番号（amends_seq）を付けて改めてください。", "Take another id (change_id); or look at the version named below and amend it, naming its entry (amends_seq).");
    TicketChangedMeanwhile = "ticket_changed_meanwhile",
        ("このチケットは、その間に別の人が改めたか、状態を変えました。", "Somebody else has amended or moved this ticket meanwhile."),
        ("下に示す今の状態を確かめ、必要ならそこからやり直してください。", "Look at where it stands now, as named below, and go on from there if it is still needed.");
    TicketMoveImpossible = "ticket_move_impossible",
        ("チケットをこの状態にすることはできません。", "The ticket cannot go to this state."),
        ("下に示す理由を確かめてください。行っていない変更は、行った（done）とは記録できません。", "See the reason named below. A change that was not made cannot be recorded as done.");
    DeviceWrong = "device_wrong",
        ("機器の読み取り結果を、このままでは受け付けられません。", "What was read of the device cannot be taken as it is."),
        ("下に示す項目を直してください。設定ファイルは `daicho device import` で読み直せます。", "Correct the field named below; `daicho device import` reads the configuration anew.");
    DeviceNotRead = "device_not_read",
        ("ファイルを機器の設定として読めません。", "The file cannot be read as a device's configuration."),
        ("機器から取り出したままの設定（show config など）を渡してください。下に理由を示します。", "Hand in the configuration as the device prints it (show config or the like). The reason is named below.");
    NetworkTableWrong = "network_table_wrong",
        ("ネットワークの表や名前を、このままでは受け付けられません。", "The table of the network, or the name, cannot be taken as it is."),
        ("下に示す項目を直してください。表のファイルは `daicho network import` で読み直せます。", "Correct the field named below; `daicho network import` reads the table's file anew.");
    NetworkTableNotRead = "network_table_not_read",
        ("ファイルをスイッチ・ルーター・DHCP サーバーの表として読めません。", "The file cannot be read as a table of a switch, a router or a DHCP server."),
        ("コマンドの出力を、見出しの行を含めてそのまま渡してください。下に理由を示します。", "Hand in the output of the command as it is, with its head line. The reason is named below.");
    InventoryNotRead = "inventory_not_read",
        ("ファイルを他の道具の資産一覧として読めません。", "The file cannot be read as an inventory of another tool."),
        ("下に示す理由を確かめてください。読めるのは CycloneDX、SPDX、Syft、osquery、GLPI・OCS の資産一覧です。", "Look at the reason named below. Read are CycloneDX, SPDX, Syft, osquery, and inventories of GLPI and OCS.");
    InventoryWrong = "inventory_wrong",
        ("他の道具の資産一覧を、このままでは受け付けられません。", "The inventory of another tool cannot be taken as it is."),
        ("下に示す項目を直してください。ファイルは `daicho host import` で読み直せます。", "Correct the field named below; `daicho host import` reads the file anew.");
    CircuitsWrong = "circuits_wrong",
        ("回線台帳や回線についての記録を、このままでは受け付けられません。", "The list of lines, or what is said of a line, cannot be taken as it is."),
        ("下に示す項目を直してください。台帳のファイルは `daicho network circuits` で読み直せます。", "Correct the field named below; `daicho network circuits` reads the list's file anew.");
    RemotePathWrong = "remote_path_wrong",
        ("経路の記録を、このままでは受け付けられません。", "The record of the remote path cannot be taken as it is."),
        ("下に示す項目を直してください。機器と経路の id は `daicho device list` で見られます。", "Correct the field named below; `daicho device list` lists devices and their ways in.");
    RemotePathMeanwhile = "remote_path_meanwhile",
        ("この経路や回答は、その間に別の内容で記録されています。", "Somebody else has recorded this path or answer meanwhile."),
        ("下に示す今の記録を確かめ、それでも変えるなら replaces にその記録の番号を書いてください。", "Look at the record that stands, as named below; to change it, give its entry in replaces.");
    FirmwareFileMalformed = "firmware_file_malformed",
        ("ファームウェア情報のファイルを読めません。", "The file about firmware cannot be read."),
        ("下に示す箇所を直すか、取得し直してください。読めるのは CISA KEV、CVE JSON 5（単体・フォルダー・ZIP）、MyJVN の注意警戒情報、endoflife.date、daicho.firmware_pack.v1 です。", "Correct the place named below, or fetch the file again. Read are CISA KEV, CVE JSON 5 (single, folder or ZIP), alerts of MyJVN, endoflife.date and daicho.firmware_pack.v1.");
    FirmwarePackWrong = "firmware_pack_wrong",
        ("ファームウェア情報を、このままでは受け付けられません。", "The knowledge about firmware cannot be taken as it is."),
        ("下に示す項目を直してください。項目の一覧は schemas/json/firmware_pack.v1.schema.json にあります。", "Correct the field named below; schemas/json/firmware_pack.v1.schema.json lists every field.");
    FirmwarePackOlder = "firmware_pack_older",
        ("同じ名前の、より新しいファームウェア情報がすでにあります。", "Newer knowledge about firmware of the same name is there already."),
        ("新しい方をそのまま使うか、取得し直してください。別の出どころなら pack_id を変えます。", "Keep the newer one, or fetch the file again. For another source take another pack_id.");
    PersonUnknown = "person_unknown",
        ("その人は登録されていません。", "There is no such person here."),
        ("サインインできる人の id か、自由な名前（name）で指定してください。", "Give the id of somebody who may sign in, or a free name (name).");
    NotSignedIn = "not_signed_in",
        ("サインインしていません。", "You are not signed in."),
        ("サインイン用のリンクを開くか、Bearer トークンを付けてください。", "Open a sign-in link, or send a bearer token.");
    NotAllowed = "not_allowed",
        ("この操作の権限がありません。", "Your role does not allow this."),
        ("管理者に役割を確認してください。", "Ask an administrator about your role.");
    NotFound = "not_found",
        ("見つかりません。", "There is no such thing here."),
        ("一覧から選び直してください。", "Choose from the list.");
    AsOfWrong = "as_of_wrong",
        ("その時点についての答えはありません。", "There is no answer as of that time."),
        ("台帳の最初の記録から今日までの日（日本の暦、2026-03-31）、時刻（UTC）、または記録番号を指定してください。", "Give a day in Japan (2026-03-31), an instant in UTC, or the number of an entry, between the ledger's first entry and today.");
    AsOfPreparing = "as_of_preparing",
        ("その時点の状態を台帳から計算しています。", "The state as of that time is being computed from the ledger."),
        ("しばらくして同じものを尋ねてください。計算は続いています。", "Ask the same again shortly; the computation goes on meanwhile.");
    CursorWrong = "cursor_wrong",
        ("続きの位置（cursor）が正しくありません。", "The cursor is not one of this list."),
        ("最初のページから読み直してください。", "Start again from the first page.");
    DiskFull = "disk_full",
        ("サーバーのディスクがいっぱいで、台帳に書けません。", "The server's disk is full: nothing can be written to the ledger."),
        ("サーバーの空きを増やしてください。エージェントはスプールに保持し、後で送ります。", "Free space on the server. Agents keep their spool and send later.");
    LedgerReadOnly = "ledger_read_only",
        ("書き込みの失敗後、台帳は読み取り専用になっています。", "After a failed write the ledger takes nothing more."),
        ("サーバーのディスクを調べ、サーバーを再起動してください。受理済みの記録は失われていません。", "Look at the server's disk, then restart the server. Nothing acknowledged is lost.");
    AgentOverQuota = "agent_over_quota",
        ("このエージェントは、1 時間に送れる量を超えました。", "This agent has said more than an agent may in an hour."),
        ("エージェントは自動で後から送ります。続く場合は、そのホストで何が変わり続けているかを調べてください。", "The agent sends the rest later by itself. If it goes on, look at what keeps changing on that host.");
    LedgerAway = "ledger_away",
        ("台帳のデータベースが応答せず、今は書き込めません。", "The ledger's database does not answer; nothing can be written now."),
        ("復旧すると自動で再開します。同じものを送り直してください。エージェントは自動で送り直し、二重に登録されることはありません。", "It goes on by itself when the database is back. Send the same again then; agents do so by themselves, and nothing of theirs enters twice.");
    Overloaded = "overloaded",
        ("混み合っています。", "The server is busy."),
        ("しばらくして送り直してください。エージェントは自動で送り直します。", "Try again shortly; agents do so by themselves.");
}

/// The most that a refusal says of its own, in characters.
pub const DETAIL_CHARS_MAX: usize = 1000;

/// A refusal with what is particular to this case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Why, for machines.
    pub code: RefusalCode,
    /// What happened.
    pub text: Text,
    /// What to do.
    pub remedy: Text,
    /// What is particular to this case: line, field, number. No secrets, no raw bodies.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Refusal {
    /// A refusal without particulars.
    pub fn new(code: RefusalCode) -> Self {
        Self { code, text: code.text(), remedy: code.remedy(), detail: String::new() }
    }

    /// The same with what is particular to this case. It often repeats what a stranger wrote, so it is made printable, and
    /// what is beyond [`DETAIL_CHARS_MAX`] goes.
    #[must_use]
    pub fn with(mut self, detail: impl AsRef<str>) -> Self {
        self.detail = printable(detail.as_ref()).chars().take(DETAIL_CHARS_MAX).collect();
        self
    }
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} [{}]", self.text.en, self.code.as_str())?;
        if !self.detail.is_empty() {
            write!(out, " {}", self.detail)?;
        }
        write!(out, " {}", self.remedy.en)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by the fuzz targets of batches and certificate requests: what a parser quotes went out as it came in.
    #[test]
    fn a_detail_is_short_and_cannot_steer_a_terminal() {
        let refusal =
            Refusal::new(RefusalCode::BatchMalformed).with(format!("field \u{1b}[2J\u{7f}{}", "長".repeat(5000)));
        assert!(refusal.detail.starts_with("field \u{fffd}[2J\u{fffd}長"));
        assert_eq!(refusal.detail.chars().count(), DETAIL_CHARS_MAX);
    }
}
