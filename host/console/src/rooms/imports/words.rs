//! The visible words of the imports rooms, in English and Chinese, beside `crate::words`.

use guanxi_app::import_file::Subject;
use guanxi_domain::import::{ImportStatus, RowResult};

use crate::language::Language;
use crate::words::words;

words! {
    imports: "Imports", "导入";
    intro: "Take over members, orders or relations from a file: CSV, Excel (.xlsx) or JSON lines. Nothing is imported before you have looked at the mapping.", "从文件导入会员、订单或关系：支持 CSV、Excel（.xlsx）和 JSON 行。确认字段对应之前不会导入任何数据。";
    file: "File", "文件";
    about: "Rows are about", "内容";
    find_out: "Find out", "自动识别";
    written_by: "Written by", "来源系统";
    upload: "Upload", "上传";
    only_managers: "You may look, but not import: your token lacks the scope “manage”.", "您可以查看但不能导入：令牌缺少 manage 权限。";
    none_yet: "Nothing was imported yet.", "还没有导入记录。";
    status: "Status", "状态";
    rows: "Rows", "行数";
    of: "of", "／";
    new: "New", "新增";
    recognised: "Recognised", "已识别";
    unchanged: "Unchanged", "无变化";
    conflicting: "Conflicting", "冲突";
    refused: "Refused", "拒绝";
    download: "Download", "下载";
    people: "People", "客户";
    orders: "Orders", "订单";
    relations: "Relations", "关系";
    uploading: "Uploading", "上传中";
    waiting: "Waiting", "等待中";
    running: "Running", "进行中";
    stopped: "Stopped", "已停止";
    done: "Done", "已完成";
    failed: "Failed", "失败";
    start: "Start", "开始导入";
    stop: "Stop", "停止";
    forget: "Forget file and report", "删除文件和报告";
    mapping: "What columns become", "字段对应";
    column: "Column", "列";
    examples: "Examples", "示例";
    becomes: "Becomes", "对应为";
    field: "Field", "字段";
    save: "Save and look again", "保存并预览";
    lenient: "Leave out cells that cannot be read, instead of refusing the row", "忽略无法读取的单元格，而不是拒绝整行";
    campaigns: "Let campaigns decide about these orders, as if they were placed now", "让营销活动处理这些订单（如同刚刚下单）";
    preview: "First rows as they would be read", "前几行的读取结果";
    ignore: "Left out", "忽略";
    identity: "Identity", "身份标识";
    attribute: "Attribute", "属性";
    tags: "Tags", "标签";
    consent: "Consent (yes or no)", "同意（是／否）";
    refusal: "Objection (yes or no)", "拒绝（是／否）";
    consent_at: "Time of consent", "同意时间";
    role: "Role", "角色";
    stage: "Stage", "阶段";
    order_number: "Order number", "订单号";
    amount: "Amount", "金额";
    quantity: "Quantity", "数量";
    unit_price: "Unit price", "单价";
    refunded: "Amount given back", "退款金额";
    currency: "Currency", "币种";
    time: "Time", "时间";
    from: "From (identity)", "起点（身份标识）";
    to: "To (identity)", "终点（身份标识）";
    relation_kind: "Kind of relation", "关系类型";
    strength: "Strength", "强度";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}

impl Words {
    pub fn subject(&self, subject: Subject) -> &'static str {
        match subject {
            Subject::People => self.people,
            Subject::Orders => self.orders,
            Subject::Relations => self.relations,
        }
    }

    pub fn status(&self, status: ImportStatus) -> &'static str {
        match status {
            ImportStatus::Uploading => self.uploading,
            ImportStatus::Waiting => self.waiting,
            ImportStatus::Running => self.running,
            ImportStatus::Stopped => self.stopped,
            ImportStatus::Done => self.done,
            ImportStatus::Failed => self.failed,
        }
    }

    pub fn result(&self, result: RowResult) -> &'static str {
        match result {
            RowResult::New => self.new,
            RowResult::Recognised => self.recognised,
            RowResult::Unchanged => self.unchanged,
            RowResult::Conflicting => self.conflicting,
            RowResult::Refused => self.refused,
        }
    }
}
