//! The page of an archive that people read: what is in which file, in English and Chinese.

use guanxi_domain::Millis;
use guanxi_domain::person::Person;
use guanxi_domain::tenant::Tenant;

use super::sections::{Count, SECTIONS};

/// The page.
pub(super) fn page(tenant: &Tenant, person: &Person, counts: &[Count], now: Millis) -> String {
    let name = person.display_name().unwrap_or_else(|| person.id.to_string());
    let rows: String = SECTIONS
        .iter()
        .map(|section| {
            let items = counts.iter().find(|count| count.file == section.file).map_or(0, |count| count.items);
            format!(
                "<tr><td><a href=\"{file}\">{file}</a></td><td>{items}</td><td>{}</td><td lang=\"zh\">{}</td></tr>\n",
                section.english,
                section.chinese,
                file = section.file,
            )
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{name}</title>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <style>body{{font:16px/1.5 sans-serif;margin:2rem auto;max-width:60rem}}td,th{{text-align:left;padding:.2rem \
         1rem .2rem 0;vertical-align:top}}</style>\n</head>\n<body>\n<h1>{name}</h1>\n\
         <p>Everything that {brand} keeps about this person, as of {when}. <span lang=\"zh\">{brand} 保存的关于此人的全部数据，\
         截至 {when}。</span></p>\n\
         <p>Each file is a JSON list; times are milliseconds since 1970-01-01 UTC, amounts are minor units of their currency. \
         <span lang=\"zh\">每个文件是一个 JSON 列表；时间为自 1970-01-01 UTC 起的毫秒数，金额以货币的最小单位计。</span></p>\n\
         <table>\n<tr><th>File 文件</th><th>Entries 条目</th><th>What it holds</th><th lang=\"zh\">内容</th></tr>\n\
         {rows}</table>\n</body>\n</html>\n",
        name = escape(&name),
        brand = escape(&tenant.name),
        when = now,
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
