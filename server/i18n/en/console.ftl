### The words of the pages. Same keys as ja/console.ftl. Legal terms keep their Japanese beside them where it helps.

product = Daicho 台帳
unknown = unknown
none = none
all = all
show = Show
never = not yet
to-start = Back to the overview
skip-to-content = Skip to content
navigation = Main pages
signed-in-as = Signed in as
foot-today = Today in Japan: { $x }
foot-times = All times are Japan time.
as-of-title = As of { $x }
as-of-title-hindsight = About { $x }, as known today
as-of-law = Judged by the law and the dates of { $x }. Nothing can be changed here.
as-of-hash = Hash of the last entry: { $x }
as-of-today = Back to today
as-of-choose = As of a day in Japan
as-of-hindsight = include what was entered later about it
as-of-show = Show that day
as-of-wrong-headline = There is no page as of that day
as-of-wrong-remedy = Choose a day between the ledger's first entry and today.
as-of-preparing-headline = That day is being computed from the ledger
as-of-preparing-remedy = This page asks again by itself. Everything else goes on meanwhile.
rows-in-all = { $n ->
    [one] 1 row in all.
   *[other] { $shown } rows in all.
}
and-more = and { $shown } more
on-hosts = { $n ->
    [one] on 1 host
   *[other] on { $shown } hosts
}
none-of-equipment = no critical equipment
date-not-recorded = not recorded
entry-number = Entry { $n }

live-off = no live updates
live-on = live
cannot-write = Nothing can be written to the ledger now. What you see is as far as it was read.
live-lost = Connection lost. What you see may be out of date. Reconnecting.
live-ended = Your session has ended. Please sign in again.
live-announce = New finding:

pages-navigation = Pages
pages-earlier = Previous page
pages-later = Next page
pages-first = First page

nav-start = Overview
nav-duties = Legal duties
nav-findings = Findings
nav-equipment = Critical equipment
nav-hosts = Hosts
nav-components = Components
nav-suppliers = Suppliers
nav-plans = Plans
nav-ledger = Ledger

col-equipment = Equipment
col-hosts = Hosts

start-title = What needs attention now
start-duties = Duties to file or report
start-findings = Open findings
start-seen = How much is really seen
start-all-duties = All duties ({ $shown })
start-all-findings = All open findings ({ $shown })
start-all-hosts = All hosts

seen-no-host = No agent is enrolled. Nothing is observed, so nothing can be said about whether all is well.
seen-all = { $n ->
    [one] The only host answers, and every collector on it looked completely.
   *[other] All { $shown } hosts answer, and every collector looked completely.
}
seen-not-all = Not everything is seen. In the places below, “no finding” does not mean “no problem”.
seen-silent = Hosts that do not answer: { $shown }
seen-never = Hosts that have not sent anything yet: { $shown }
seen-troubled = Hosts with a collector that could not look completely: { $shown }
seen-declared-not-heard = Hosts named in a plan that are not heard: { $shown }
seen-whole = complete
seen-nothing = nothing seen
seen-stale = out of date
seen-collectors-troubled = incomplete ({ $shown })

card-duties = duties
card-findings = findings
card-undeclared = undeclared
card-covered = declared
card-hosts = hosts heard / in plan
card-no-plan = no plan is recorded
card-not-all-heard = Some hosts are not seen: these numbers are lower limits.

equipment-title = Critical equipment (特定重要設備)
equipment-empty = No plan has been imported, so the critical equipment is unknown.
equipment-id = Id
equipment-type = Type (種類)
equipment-function = Function (機能)
equipment-place = Place of installation and use (設置及び使用する場所)
equipment-operator = Operator (特定社会基盤事業者)
equipment-picture = Equipment, parts and suppliers
equipment-picture-legend = ◆ dashed: undeclared   ▲: declared, not seen   ?: not observable   ●: as declared. The tables below say the same.
equipment-drift = Observed against declared
equipment-without-agent = { $n ->
    [one] 1 host is named in the plan and has no agent. What is on it is unknown.
   *[other] { $shown } hosts are named in the plan and have no agent. What is on them is unknown.
}
equipment-no-hosts = No host of this equipment has reported.

diagram-title = { $x }: equipment, parts and suppliers
diagram-country = country of law: { $x }
diagram-rest = and { $shown } more
diagram-rest-where = see the tables below

drift-covered = declared
drift-undeclared = undeclared
drift-not-part = no part of it (decided)
drift-not-seen = declared, not seen
drift-not-observable = not observable
drift-not-compared = not compared
drift-no-equipment = no equipment
drift-undeclared-explained = Observed on hosts, and covered by no part of a plan.
drift-not-seen-explained = In a plan, and not found on hosts that were fully looked at.
drift-not-observable-explained = In a plan, and nobody could look: no agent, or a failed collector. It may or may not be there.
drift-not-part-explained = Observed on hosts; a person decided that it is no part of the critical equipment. The decision stands with each component.
drift-covered-explained = Covered by a part of a plan.
drift-lines = { $n ->
    [one] 1 line
   *[other] { $shown } lines
}
drift-col-product = Product
drift-col-category = Category
drift-col-supplier = Supplier
drift-col-components = Components
drift-col-part = Part (構成設備)
drift-examples = Examples
drift-no-part = none
drift-no-host = none

claim-unrecorded = no supplier record
confidence-unknown = supplier unknown
confidence-low = low confidence
confidence-medium = medium confidence
confidence-high = high confidence
confidence-decided = confirmed by a person

category-server-hardware = server
category-operating-system = operating system
category-middleware = middleware
category-application = application
category-network-device = network device
category-firmware = firmware
category-auxiliary = other

phase-draft = draft, not submitted
phase-submitted = submitted, not accepted
phase-prohibited = prohibition period
phase-cleared = prohibition period over, not carried out
phase-introduced = introduced
phase-entrustment-running = entrustment running
phase-entrustment-ended = entrustment ended

plan-kind-installation = Installation (導入)
plan-kind-entrustment = Entrustment of maintenance or operation (重要維持管理等の委託)
plan-submitted = Submitted (提出日)
plan-accepted = Accepted (受理日)
plan-prohibited-through = Last day of prohibition
plan-introduced = Introduced (導入完了日)
plan-entrusted-from = Entrustment from
plan-entrusted-through = Entrustment through
plan-versions = versions: { $shown }
plan-parts = Parts (構成設備) as filed
plan-remote-paths = Declared remote maintenance paths
plan-contractors = Contractors and subcontractors (委託の相手方・再委託の相手方):
plans-title = Plans (導入等計画書)
plans-empty = No plan has been imported. There is nothing to compare with, so differences are unknown.
part-col-name = Name (名称)
part-col-category = Category as filed (区分・種類)
part-col-function = Function (機能)
part-col-supplier = Supplier
part-col-country = Made in
part-col-covers = Covers products
part-covers-all = all of this supplier in this category
remote-col-id = Id
remote-col-end = Host and interface
remote-col-purpose = Purpose
remote-col-who = Used by

hosts-title = Hosts
hosts-empty = No host is enrolled. Make an enrolment token with this command, then enrol the agent on the host.
hosts-over-quota = These agents have sent more than an agent may in an hour and are turned away until it is less. What changes on their hosts reaches the ledger late. Look at such a host: something there changes all the time, or somebody has its agent's key.
hosts-turned-away = { $n ->
    [one] turned away once
   *[other] turned away { $n } times
}
host-col-name = Host
host-col-hearing = Heard
host-col-seen = Collection
host-col-os = OS
host-col-components = Components
host-col-findings = Findings
host-col-last = Last report
host-agent = Agent
host-batch-number = report number { $n }
host-coverage = How completely it is seen
host-coverage-caption = The last word of each collector
host-coverage-empty = No collector of this host has reported yet. What is on it is unknown.
host-losses = Some reports were lost before they could be sent.
host-os = Operating system
host-os-unknown = The operating system is unknown.
host-interfaces = Network interfaces
host-interfaces-caption = Possible ways in from outside come first
host-interfaces-unknown = No interface has been reported (unknown).
host-sockets = Listening sockets
host-sockets-unknown = No listening socket has been reported. See above whether the collector looked completely.
host-hardware = Hardware
host-hardware-unknown = No hardware has been reported (unknown).

hearing-heard = heard
hearing-silent = silent
hearing-never = never reported
hearing-revoked = revoked

coverage-col-collector = Collector
coverage-col-outcome = Outcome
coverage-col-items = Items
coverage-col-reported = Last outcome at
coverage-col-complete = Last complete at
coverage-col-troubles = What could not be read
coverage-no-troubles = nothing
coverage-sources = Places read ({ $shown })
outcome-complete = complete
outcome-partial = partial
outcome-not-applicable = not applicable
outcome-failed = failed
trouble-not-permitted = not permitted
trouble-missing = missing
trouble-source-vanished = source vanished
trouble-unreadable = unreadable
trouble-malformed = malformed
trouble-too-large = too large
trouble-duplicate = duplicate
trouble-not-observable = not observable

os-name = Name
os-version = Version
os-codename = Code name
os-kernel = Kernel
os-architecture = Architecture

interface-col-name = Name
interface-col-kind = Kind
interface-col-remote = Way in from outside
interface-col-mac = MAC address
interface-col-driver = Driver
interface-may-be-remote = may be one
interface-not-remote = not usually
interface-remote-unknown = unknown
interface-loopback = loopback
interface-ethernet = wired
interface-wireless = wireless
interface-wwan = mobile broadband
interface-bridge = bridge
interface-bond = bond
interface-vlan = VLAN
interface-veth = virtual cable (veth)
interface-wireguard = WireGuard tunnel
interface-tun = layer-3 tunnel (tun)
interface-tap = layer-2 tunnel (tap)
interface-ppp = PPP
interface-kernel-tunnel = kernel tunnel
interface-other = other ({ $x })

socket-col-protocol = Protocol
socket-col-address = Address
socket-col-port = Port
socket-col-processes = Processes
socket-nobody = unknown (the kernel, or not readable)

hardware-col-part = Part
hardware-col-slot = Slot
hardware-col-maker = Maker as it says
hardware-col-model = Model
hardware-col-version = Version
hardware-col-serial = Serial number
hardware-col-size = Size, count
hardware-col-read-from = Read from
hardware-serial-placeholder = { $x } (placeholder: identifies nothing)
hardware-count = { $shown } of them
hardware-system = machine
hardware-board = board
hardware-chassis = chassis
hardware-bios = BIOS or UEFI
hardware-cpu = CPU
hardware-memory = memory
hardware-disk = disk
hardware-nic = network adapter

components-title = Components
components-search = Find by name, version, product or supplier
components-status = Against the plans
components-find = Find
components-of-host = Only on this host:
components-no-filter = Remove the filter
components-query-wrong = This filter, or this place in the list, makes no sense.
components-none-found = Nothing fits, in what has been observed.
components-empty = No component has been reported yet (unknown).
components-caption = By name and version. The same thing on many hosts is one row.
component-col-name = Name
component-col-version = Version
component-col-sort = From
component-col-status = Plans
component-purl = Package URL
component-places = Where it stands
component-places-empty = It is on no host now.
component-places-caption = { $n ->
    [one] On 1 host
   *[other] On { $shown } hosts
}
component-first-seen = First reported at
component-other-versions = Other versions
component-observation = The observation itself
component-observation-hint = As the agent reported it. Supplier and category are derived from it.

findings-title = Findings
findings-caption-open = Open findings, most severe first
findings-empty = There is no open finding.
findings-empty-not-seen = There is no finding. But not everything is seen, so this does not mean that all is well.
findings-none-match = No finding fits this filter.
finding-col-severity = Severity
finding-col-title = What
finding-col-duties = Duties
finding-col-opened = Found at
finding-col-state = State
severity-notice = notice
severity-warning = warning
severity-critical = critical
severity-gravest = gravest
finding-open = open
finding-closed = closed
finding-why = Why it matters
finding-next = What to do next
finding-evidence = Evidence
finding-rule = Rule
finding-components = Components
finding-components-first = The first 50 are shown.
finding-no-hosts = It concerns no particular host.
finding-no-duties = The decision table ties no duty to file or report to this finding.
finding-history = History
finding-openings = Found { $shown } times so far
finding-opened = found
finding-was-closed = its cause was no longer observed
finding-still-open = Its cause is still observed, or nobody could look since.

duties-title = Duties to file or report (届出・報告義務)
duties-caption = Duties that wait come first, the strictest at the top
duties-caption-waiting = Duties that wait
duties-waiting = { $n ->
    [one] 1 duty waits.
   *[other] { $shown } duties wait.
}
duties-hint = When a cause is gone, something may still have to be filed. A duty stays until a person decides.
duties-empty = No duty waits.
duties-empty-not-seen = No duty was found. But not everything is seen, so this does not mean that there is none.
duties-none = No duty is recorded. Only what was observed and the plans that were imported can be judged.
duty-col-outcome = What is asked
duty-col-title = Duty
duty-col-due = By when
duty-col-basis = Basis
duty-col-state = State
duty-has-question = needs a person's answer
duty-missing-count = { $n ->
    [one] 1 field not recorded
   *[other] { $shown } fields not recorded
}
duty-provisional = provisional: to be confirmed
duty-nothing = nothing to file
duty-ask-person = ask a person
duty-report = report without delay (遅滞なく報告)
duty-notify = notify (届出)
duty-file-first = file first (あらかじめ届出)
duty-open = found, not judged
duty-judged = judged: to be filed
duty-drafted = being drafted
duty-submitted = submitted (提出済)
duty-accepted = accepted (受理済)
duty-cleared = period over
duty-done = done
duty-not-needed = nothing to file
duty-cause-gone = cause gone
duty-life = Where it stands
duty-owner = Owner
duty-owner-none = no owner
duty-days = Days it waits for
duty-days-none = There is no day of the law and none of your own. “Without delay” (遅滞なく) has no number of days.
duty-days-settled = It is settled: none.
duty-day-law = day of the law
duty-day-answer = last day to answer the recommendation (10 days, the day it came included)
duty-day-target = your own target, not a day of the law
duty-day-permitted = from this day the change may be made
duty-day-today = today
duty-day-late = { $n ->
    [one] 1 day late
   *[other] { $shown } days late
}
duty-day-ahead = { $n ->
    [one] in 1 day
   *[other] in { $shown } days
}
duty-day-reached = reached
duty-prohibited-max = { $x } at most if it is extended
duty-cleared-on = Period found to be over
duty-done-on = Done
duty-date-prohibited-through = Last day of the prohibition period as shortened or extended
duty-date-recommended-on = Recommendation (勧告) received
duty-date-answered-on = Recommendation answered (様式第六)
duty-move = Record the next step
duty-move-to = Which step
duty-move-choose = choose
duty-move-on = On: { $x }
duty-move-back = Back: { $x }
duty-move-on-day = The day of it (submitted, accepted …)
duty-reference = Receipt number
duty-filed-under = Id of the plan it was filed under
duty-reason = Reason (needed for a judgement, for “nothing to file” and for a step back; it stays in the ledger)
duty-caution-tick = I have read the caution above: this does not rest on the statute alone (needed for “nothing to file”)
duty-record = Record in the ledger
duty-assign = Set owner and target day
duty-owner-field = Owner (a person’s id, or a name)
duty-target-field = Your own target day
duty-note = Note
duty-dates = Record a day that the minister set, or the answer to a recommendation
duty-dates-which = Which day
duty-dates-day = The day (empty takes it back)
duty-history = History
duty-history-when = Recorded at
duty-history-who = By
duty-history-what = What
duty-history-day = Day spoken of
duty-history-why = Why, numbers
duty-history-found = found
duty-act-assigned = owner: { $x }
duty-act-target = target { $x }
duty-act-taken-back = taken back
duty-act-reference = number { $x }
duty-act-plan = plan { $x }
duty-act-caution-read = caution read
duty-col-state-owner = State, owner
duties-unsettled = not settled
duties-overdue = late
duties-soon = within two weeks
duties-undated = without a day
duties-none-match = No duty fits this filter.
start-due-next = Due next
start-duties-all = The strictest first
calendar-title = Calendar
calendar-hint = Your calendar program can show these days. Whoever knows the address can read the days and what they are about.
calendar-download = Save as a file (.ics)
calendar-make = Make an address for calendar programs
calendar-make-anew = Make another address (the one before ends)
calendar-end = Take the address back
calendar-made = The address for your calendar program. It cannot be shown again.
calendar-made-hint = Add &mine=1 for your own duties only, and &lang=en for English.
duty-cause-gone-explained = The cause is no longer observed. Whether something must still be filed is a person's decision; it never ends by itself.
duty-uncertain = This is not certain. Confirm it before you file.
duty-question = The question a person must answer
duty-question-hint = The table cannot decide this. Consider prior consultation (事前相談) with the ministry, or ask your lawyer.
duty-law = What the law asks
duty-form = Form (様式)
duty-form-none = No form is recorded.
duty-clock = How the time is counted
duty-due = Due day
duty-due-none = Not a fixed day; see how the time is counted.
duty-changed-on = Day of the change (Japan)
duty-articles = Articles
duty-regime = Regime
duty-row = Row of the table
duty-missing = Data that the table names and nobody has recorded
duty-missing-hint = Ask the supplier. Some of it the supplier may send directly to the minister; then keep the date and a receipt.
duty-missing-none = None of the fields that the table names is missing. This does not mean that every field of the form was checked.
duty-cause = Cause
duty-plan = Plan that was judged
duty-plan-none = There is no plan that counts.
duty-phase = Phase on the day of the change
basis-stat = statute read
basis-seed = official material
basis-sec = secondary source
basis-mach = machine summary
basis-inf = inference
basis-mem = not verified
basis-unknown = basis unknown
basis-stat-explained = The text of the law was read, but note what follows.
basis-seed-explained = It rests on published official material, not on the text of the law itself.
basis-sec-explained = It rests on secondary sources (ministry pages, articles), not on the text of the law itself.
basis-mach-explained = It rests on a machine-made summary of an amendment, not on the text of the law itself.
basis-inf-explained = It contains an inference from the wording of the law. A lawyer must confirm it.
basis-mem-explained = It contains knowledge that was not checked against any text. Do not decide on it as it stands.
basis-unknown-explained = How sure it is, is not known. Do not decide on it as it stands.
regime-jp-espa = Economic Security Promotion Act (経済安全保障推進法)
regime-jp-acd = Active cyber defence act (サイバー対処能力強化法)

suppliers-title = Suppliers, contractors and subcontractors
suppliers-empty = There is no supplier record. Who supplied what cannot be judged.
suppliers-hint = As people recorded them. “Unknown” means: not recorded.
suppliers-caption = Supplier records
supplier-col-name = Name
supplier-col-number = Corporate number (法人番号)
supplier-col-law = Country of law (設立準拠法国等)
supplier-col-address = Country of address
supplier-col-parts = Parts (構成設備)
supplier-col-source = Source
supplier-no-parts = in no plan
supplier-items = What is recorded for the forms
supplier-people-erased = The data of its people was erased on { $x }
supplier-as-of = as of { $x }

ledger-title = Ledger
ledger-head-seq = Last entry
ledger-head-hash = Last hash
ledger-hint = Each entry holds the hash of the one before. Keep the last hash somewhere else, and any later change, removal or insertion before it can be found.
ledger-empty = The ledger is still empty.
ledger-caption = Newest first
ledger-caption-older = Older entries, newest first
ledger-col-seq = Entry
ledger-col-received = Received at
ledger-col-author = Author
ledger-col-kind = Kind
ledger-col-hash = Hash (start)
ledger-col-bytes = Bytes
ledger-damaged = the bytes do not fit the hash
ledger-newest = Newest
ledger-older = Older
entry-fits = The hash was calculated anew for this page, and it fits.
entry-damaged = The bytes of this entry do not fit its hash. Look at the server's disk and run daicho verify.
entry-hash = Hash of this entry
entry-prev-hash = Hash of the entry before
entry-line = What it says
entry-line-hint = Line breaks were added for reading. The hash stands for the original single line.
entry-line-cut = It is large: only the beginning is shown.
entry-download = Download the original line
entry-verify = How to verify it yourself
entry-verify-download = Save the original line with the link above.
entry-verify-hash = Leave out the last 81 bytes (the hash), put the purpose and a zero byte in front, and take SHA-256.
entry-verify-compare = Compare the result with this value.
entry-verify-chain = Compare prev_hash in the line with the hash of the entry before. For entry 1 it is 64 zeros.
entry-verify-all = To verify the whole chain and every signature:

sign-in-title = Sign in
sign-in-lead = There is no password. You sign in with a link that is made on the server and works once.
sign-in-step-run = Run this command on the server, or ask an administrator to.
sign-in-step-run-hint = DIR is the server's data folder.
sign-in-step-open = Open the link that it prints in this browser.
sign-in-no-access = If you cannot reach the server, ask an administrator to make a link for you.
not-found-headline = Not found
not-found-remedy = There is nothing at this address. Please choose from a list.
fault-headline = The server has a problem and cannot show this
fault-remedy = Nothing that was acknowledged is lost. Please ask an administrator to look at the server's log.

# Blast radius
radius-title = Blast radius
radius-lead = Which plans, parts, contracts and places a supplier, a holder, a country or a product touches, directly or through tiers and ownership. Whether the law asks anything is not judged here.
radius-about = About
radius-supplier = Supplier
radius-country = Country
radius-product = Name of a product or component
radius-q = Id, country (two letters of ISO 3166-1) or name
radius-ask = Show
radius-query-wrong = This cannot be answered. Give a supplier by its id, a holder by its name, a country by two letters such as JP, a product by its name.
radius-nothing = Nothing in the records touches it. What is not recorded cannot be told.
radius-diagram-title = What { $x } touches
radius-diagram-hint = Left: the question. Middle: what is declared (● filed, ? draft) and what was seen without being declared (◆). Right: the critical equipment. The tables below say the same.
radius-totals = In all
radius-total-equipment = Critical equipment (特定重要設備)
radius-total-places = Places
radius-total-plans = Plans
radius-total-hosts = Hosts
radius-declared = Declared in plans
radius-col-what = What
radius-col-why = Why
radius-col-plan = Plan
radius-col-place = Place
radius-contractor = Contractor or subcontractor
radius-remote-path = Way in from outside
radius-filed = filed
radius-draft = draft
radius-why-itself = the question itself
radius-why-law = country of law (設立準拠法国等)
radius-why-address = country of address
radius-why-manufacture = country of manufacture
radius-why-name = name
radius-seen = Seen by agents
radius-col-cover = Declared
radius-undecided = What cannot be decided
radius-undecided-suppliers = { $n ->
    [one] { $n } supplier has no country of law or of address on record. That does not mean another country.
   *[other] { $n } suppliers have no country of law or of address on record. That does not mean another country.
}
radius-undecided-parts = { $n ->
    [one] { $n } part has no country of manufacture on record.
   *[other] { $n } parts have no country of manufacture on record.
}
radius-holder = Holder of votes
radius-equipment-supplier = Supplier of the equipment (特定重要設備の供給者)
radius-introduction-party = Takes part in the introduction (導入に携わる者)
radius-tier-above = through { $x }
radius-tier-below = under it: { $x }
radius-why-holder = the holder has a share of it
radius-why-holder-country = country of law of a holder
radius-why-ownership = through ownership
radius-holder-person = person { $x }
radius-paths = Ways through ownership
radius-paths-hint = From the top down, with the exact share of votes on each step as of { $x }. The product of the shares is no measure of control.
radius-paths-cut = There are more ways than are shown; every supplier that they lead to is in the tables.
radius-col-way = Way
radius-col-product = Shares multiplied
radius-undecided-holders = { $n ->
    [one] The holders of one supplier are not on record; who stands behind it cannot be told.
   *[other] The holders of { $shown } suppliers are not on record; who stands behind them cannot be told.
}
radius-undecided-alike = A holder without a record of its own has the name of a supplier in question; it was not followed:
radius-link = Blast radius

# Worksheets
worksheet-link = Worksheet of the form
worksheet-not-the-form = This is not the form itself but a worksheet for filling it in. Copy it into the ministry's current form.
worksheet-form = Form
worksheet-on = Day of filing
worksheet-show = Show
worksheet-download = Spreadsheet (XLSX)
worksheet-operator = Operator (特定社会基盤事業者)
worksheet-open = Still open
worksheet-fields = Fields
worksheet-attachments = Attachments
worksheet-col-field = Field
worksheet-col-value = Value
worksheet-col-state = State
worksheet-col-source = Source, as of
worksheet-col-law = Confidence, notes
channels-title = How alerts go out
channels-empty = Nobody is routed for alerts. What is found reaches only those who look at this console.
channels-elsewhere = Another server of this ledger sends alerts. The numbers below are this server's own and say nothing about what is sent.
channels-hint = Since this server started. Taken by the receiving mail server does not mean read by a person.
channel-col-name = Recipient
channel-col-state = State
channel-col-through = Done up to
channel-col-taken = Last taken at
channel-col-refused = Refused
channel-col-delay = What hinders it
channel-delayed = delayed
channel-refused = some refused
channel-calm = nothing waits
channel-nothing-taken = nothing since the start
channel-attempts = { $n ->
    [one] tried once
   *[other] tried { $shown } times
}
start-channels = How alerts go out

review-title = Components that wait for a decision
review-hint = They stand on hosts of critical equipment, and nobody has settled who supplies them or what they are. One decision applies to all hosts.
review-empty = Nothing waits for a decision.
review-col-subject = What (in the hosts’ own words)
review-col-waits = Not settled
review-waits-both = supplier, category
review-waits-supplier = supplier
review-waits-category = category
review-proposals = Proposals
review-proposal = Proposal:
review-no-proposal = none
review-vendor = Vendor (in the hosts’ own words)
review-why-decided = the same words were decided so elsewhere, by
review-why-same-name = the name is the same but for its spelling:
review-why-alike-name = the name is alike (its legal form differs or is missing):
review-before = Decision { $x } stands about these. A new one replaces it and keeps what it decided unless you change it.
review-decide = Decide
review-decide-hint = Proposals rest on likeness and are no facts: make sure before you choose. The decision and its reason stay in the ledger.
review-choice = What is decided
review-other = Another supplier
review-supplier-id = Supplier’s ID
review-only-category = Only the category, not the supplier
review-outside = It is no part of the critical equipment
review-category-open = not decided
review-valid-from = Since when (empty: always)
review-evidence = Evidence (a contract …)
review-reason = Why (needed; it stays in the ledger)
review-record = Record the decision
component-decisions = Decisions about this component
component-decisions-none = No person has decided anything about it.
decision-since = since { $x }
nav-computers = Computers to notify
start-computers = computers: in scope or not, undecided
computers-title = Notification of 特定重要電子計算機
computers-proposal = What is shown is a proposal. A person decides whether a computer is meant, from how it is connected. Name the devices and networks that no agent sees.
computers-worksheet = Worksheet of the form
computers-not-looked-at = { $shown } hosts of no equipment were not looked at.
computers-no-equipment = There is no equipment yet. Import a plan first.
computers-none = No computer shows that it could be meant. That none is seen does not say that there is none.
computer-undecided = Undecided
computer-in-scope = In scope
computer-out-of-scope = Not in scope
computer-col-pick = Choose
computer-col-name = Computer
computer-col-state = Decision
computer-col-signs = Why it may be meant
computer-col-products = Products and makers
computer-not-declared = in no plan
computer-not-observed = no agent sees it
computer-exempt = exempt from notification (the duty to report incidents remains)
computers-decide = Record a decision
computers-decide-hint = It holds for every computer that is chosen, and stays in the ledger under your name.
computer-category = Category
computer-changed-on = Day of the change (only once a notification was submitted)
computers-named = Devices without an agent, one a line
computers-products-hint = Products to notify. One that a host shows goes to the computers that show it. Hardware is notified only of an appliance.
computer-notified = Notify
computer-product = Product
computer-unit = What it is
computer-maker = Maker
computer-introduced-on = Introduced on
computer-exempt-by = Exemption
computer-filed-in = Plan that stands in
computer-by-hand = added
computer-reason = Reason (needed out of scope and for an exemption)
computers-in = Record as in scope
computers-out = Record as not in scope
computers-undecided = { $n ->
    [one] 1 host of the equipment is undecided
   *[other] { $shown } hosts of the equipment are undecided
}
evidence-title = Evidence of what the ledger knew
evidence-check = How to check it stands in README.txt:
evidence-law = Judged by the law and the dates of { $x }.
evidence-none = None.
evidence-file = All of it, for programs: { $x }
evidence-more = Only the first are printed; the file holds all { $shown }.
evidence-equipment = Critical equipment (特定重要設備) and the law of that day
evidence-plans = Plans (導入等計画書)
evidence-inventory = Inventory by host
evidence-drift = Observed against declared
evidence-findings = Findings
evidence-duties = Legal duties
evidence-decisions = What people stated ({ $shown } entries, each as it stands in the ledger)
evidence-no-rule = no rule of this business is known for that day
evidence-col-equipment = Equipment
evidence-col-type = Type (種類)
evidence-col-operator = Operator
evidence-col-place = Place
evidence-col-law = Rule of that day
evidence-col-plan = Plan
evidence-col-kind = Kind
evidence-col-phase = Phase on that day
evidence-col-submitted = Submitted (提出日)
evidence-col-accepted = Accepted (受理日)
evidence-col-prohibited = Prohibited through
evidence-col-entry = Entry
evidence-col-host = Host
evidence-col-agent = Agent
evidence-col-os = Operating system
evidence-col-heard = Heard
evidence-col-components = Components
evidence-col-last-report = Last report
evidence-col-status = Status
evidence-col-product = Product
evidence-col-category = Category
evidence-col-supplier = Supplier
evidence-col-hosts = Hosts
evidence-col-state = State
evidence-col-severity = Severity
evidence-col-finding = Finding
evidence-col-opened = Opened
evidence-col-asked = What is asked
evidence-col-duty = Duty
evidence-col-subject = Subject
evidence-col-day = Next day
evidence-col-articles = Articles
evidence-col-basis = How sure the law is
decisions-title = Decisions about components
decisions-hint = What people decided about suppliers and categories. They apply to all hosts and go before every mark.
decisions-which = Which
decisions-standing = those that stand
decisions-on = Held on this day (as is known now)
decisions-none = There is no such decision.
decisions-why = Why, and on what
decisions-who = Who
decisions-replaced = replaced by { $x }
decisions-withdrawn = withdrawn by { $x }
decisions-withdraw = Take it back
decision-part = part of the critical equipment

nav-check-lists = Check lists
check-title = Answers to check lists
check-hint = People answer. What agents and plans show is a reference and no answer. Unanswered and “unknown” do not mean that it is done.
check-about = About (equipment, plan)
check-list = Check list
check-open = Open
check-yes = Yes
check-no = No
check-not-applicable = Not applicable
check-unanswered = unanswered
check-expired = expired
check-expired-count = { $shown } of them expired
check-unknown-count = { $shown } of them unknown
check-open-of = Still open: { $shown }
check-evidence-hint = Evidence, for example:
check-valid-through = valid through { $x }
check-target-on = target { $x }
check-seen = For reference, what is seen:
check-answer = Answer
check-answer-anew = Answer anew
check-answer-field = Answer
check-on = Day of the answer
check-through-field = Valid through (optional)
check-target-field = Target day (for a no)
check-note = What is done, or why (needed for all but yes)
check-evidence = Evidence, one a line
