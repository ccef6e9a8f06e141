//! The visible words of the operators' library, in English and Chinese, beside `crate::words`.

use crate::language::Language;
use crate::words::words;

words! {
    title: "Library", "插件库";
    intro: "Which plugins this host has, and whose it lets in. For operators.", "本主机的插件，以及允许哪些发布者的插件。仅供运营方使用。";
    publishers: "Publishers", "发布者";
    publishers_text: "Packages that are signed with one of these keys come in. A key that was revoked lets nothing more in; what it let in stays, so take back what must not be installed.", "以下密钥签名的插件包可以入库。密钥吊销后不再放行新包，已入库的插件仍保留，需要时请撤回。";
    no_publishers: "Nobody is trusted yet.", "还没有受信任的发布者。";
    trust_title: "Trust a key", "信任密钥";
    name: "Name", "名称";
    publisher_title: "What people call them", "显示名称";
    key: "Public key: “ed25519:…” or PEM", "公钥：ed25519:… 或 PEM";
    trust: "Trust", "信任";
    revoke: "Revoke", "吊销";
    revoked: "revoked", "已吊销";
    since: "since", "自";
    bring_title: "Take a plugin in", "导入插件";
    file: "A component, signed", "已签名的组件文件";
    upload: "Upload", "上传";
    reference: "A place in a registry", "镜像仓库地址";
    pull: "Pull", "拉取";
    older: "An older version than the newest is meant", "确认导入较旧版本";
    versions: "Versions", "版本";
    no_versions: "The library is empty.", "插件库为空。";
    yank: "Take back", "撤回";
    yank_text: "It is installed nowhere anew; where it runs, it goes on, and everybody there sees why.", "撤回后不能再安装；已在使用处继续运行，并显示原因。";
    reason: "Why", "原因";
    offer: "Offer again", "重新提供";
    report: "What the check at the door found", "入库检查结果";
}

/// The words of a language.
pub fn of(language: Language) -> &'static Words {
    if language.is_zh() { &ZH } else { &EN }
}
