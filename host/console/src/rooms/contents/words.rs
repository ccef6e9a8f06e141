//! The visible words of the contents' rooms, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    title: "Contents", "内容";
    intro: "What the brand says more than once, the same for every channel. Campaigns name it, and the person's language and channel choose the words.", "品牌会重复使用的内容，与渠道无关。营销活动按名称引用，系统按对方的语言和渠道选择文案。";
    only_managers: "Only a token with the scope “manage” changes contents.", "只有具有 manage 权限的令牌可以修改内容。";
    none_yet: "Nothing is kept yet.", "还没有内容。";
    name: "Name", "名称";
    name_text: "2 to 64 of a-z, 0-9 and -", "2 到 64 个字符：a-z、0-9 和 -";
    said: "Text", "文案";
    languages: "Languages", "语言";
    version: "Version", "版本";
    changed: "Changed", "修改时间";
    add: "Write a content", "新建内容";
    open: "Write", "编写";
    document: "Document", "内容文档";
    document_text: "JSON: text, title, url, image, voice, video, article, cards, buttons; channels and languages hold what is different there. {{name}} stands for what a campaign fills in.", "JSON：text、title、url、image、voice、video、article、cards、buttons；channels 和 languages 写各渠道、各语言的不同之处。{{name}} 由营销活动填入。";
    save: "Keep", "保存";
    remove: "Delete", "删除";
    remove_text: "Campaigns that still name it are refused.", "仍引用它的营销活动将被拒绝。";
    fits: "It can be kept.", "可以保存。";
    problems: "It cannot be kept yet:", "暂时不能保存：";
    preview: "Preview", "预览";
    preview_text: "The connector makes its request as it does in production; it is not performed.", "连接器按正式环境生成请求，但不会发出。";
    channel: "Channel", "渠道";
    no_channels: "No connector is installed yet.", "还没有安装连接器。";
    language: "Language", "语言";
    variables: "Variables", "变量";
    address: "Address", "地址";
    to: "To", "发给";
    reads: "As text", "文字效果";
    request: "Request", "请求";
    outcome: "The connector says", "连接器返回";
    media: "Media", "媒体";
    media_text: "Pictures, recordings and films of at most 10 MiB: PNG, JPEG, GIF, WebP, MP3, AMR, MP4. A content says “media:” and the name; channels fetch them at an address that nobody guesses.", "图片、语音和视频，最大 10 MiB：PNG、JPEG、GIF、WebP、MP3、AMR、MP4。内容中写“media:名称”引用，渠道从无法猜测的地址获取。";
    no_address: "The host does not know its own address (public_url), so no channel can fetch them.", "系统未配置公网地址（public_url），渠道无法获取。";
    kind: "Kind", "类型";
    size: "KiB", "KiB";
    file: "File", "文件";
    upload: "Keep", "上传";
    rates: "How messages fare", "消息效果";
    rates_text: "Messages of the last days, and how many of them people looked at, followed and answered. Links and looks are followed where the settings say so and the person allows it.", "最近若干天的消息，以及被打开、点击和回复的数量。仅在设置启用且对方允许时跟踪链接和打开。";
    by: "By", "分组";
    days: "Days", "天数";
    look: "Show", "查看";
    connector: "Connector", "连接器";
    campaign: "Campaign", "营销活动";
    content: "Content", "内容";
    sent: "Sent", "已发送";
    opened: "Opened", "已打开";
    clicked: "Clicked", "已点击";
    replied: "Answered", "已回复";
    nameless: "none or unknown", "无或未知";
    no_rates: "No message was sent in these days.", "这些天没有发送消息。";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}

impl Words {
    /// What messages are grouped by.
    pub fn of_group(&self, code: &str) -> &'static str {
        match code {
            "connector" => self.connector,
            "campaign" => self.campaign,
            "content" => self.content,
            _ => self.channel,
        }
    }
}
