//! The file of members, as an old member system exports it.

use std::io::{self, Write};
use std::ops::Range;

use crate::Crowd;
use crate::person::Person;

const HEADER: [&str; 19] = [
    "用户编号",
    "会员卡号",
    "手机号",
    "邮箱",
    "微信openid",
    "微信unionid",
    "姓名",
    "性别",
    "生日",
    "城市",
    "省份",
    "国家",
    "会员等级",
    "积分",
    "标签",
    "兴趣",
    "接受营销",
    "营销同意时间",
    "注册日期",
];

impl Crowd {
    /// Writes these people as CSV with a header; returns how many there were.
    pub fn write_people(&self, numbers: Range<u32>, out: impl Write) -> io::Result<u64> {
        let mut sheet = csv::Writer::from_writer(out);
        sheet.write_record(HEADER)?;
        let mut rows = 0;
        for n in numbers {
            write(&mut sheet, &self.person(n))?;
            rows += 1;
        }
        sheet.flush()?;
        Ok(rows)
    }
}

fn write(sheet: &mut csv::Writer<impl Write>, person: &Person) -> io::Result<()> {
    let place = person.place.unwrap_or_default();
    let consent = match &person.consent {
        None => "",
        Some((true, _)) => "是",
        Some((false, _)) => "否",
    };
    let since = person.consent.as_ref().and_then(|(_, since)| since.as_deref());
    sheet.write_record([
        person.account.as_str(),
        &person.card,
        person.phone.as_deref().unwrap_or_default(),
        person.email.as_deref().unwrap_or_default(),
        person.openid.as_deref().unwrap_or_default(),
        person.unionid.as_deref().unwrap_or_default(),
        person.name.as_deref().unwrap_or_default(),
        person.gender.unwrap_or_default(),
        person.birthday.as_deref().unwrap_or_default(),
        place.city,
        place.province,
        place.country,
        person.level,
        &person.points.to_string(),
        &person.labels.join("、"),
        &person.interests.join("、"),
        consent,
        since.unwrap_or_default(),
        &person.joined,
    ])?;
    Ok(())
}
