//! Names as often as people have them. Chinese surnames are weighted by their share of the population, in
//! ten-thousandths, as the Ministry of Public Security's reports give it for the most frequent ones.

use crate::dice::Dice;

const SURNAMES: &[(&str, u32)] = &[
    ("王", 717),
    ("李", 700),
    ("张", 674),
    ("刘", 510),
    ("陈", 461),
    ("杨", 322),
    ("黄", 245),
    ("吴", 200),
    ("赵", 200),
    ("周", 190),
    ("徐", 145),
    ("孙", 138),
    ("马", 129),
    ("朱", 128),
    ("胡", 116),
    ("郭", 113),
    ("林", 113),
    ("何", 106),
    ("高", 100),
    ("罗", 95),
    ("郑", 93),
    ("梁", 85),
    ("谢", 76),
    ("宋", 70),
    ("唐", 69),
    ("许", 66),
    ("邓", 62),
    ("冯", 62),
    ("韩", 61),
    ("曹", 60),
    ("曾", 58),
    ("彭", 56),
    ("肖", 56),
    ("蔡", 53),
    ("潘", 52),
    ("田", 52),
    ("董", 51),
    ("袁", 50),
    ("于", 48),
    ("余", 48),
    ("叶", 48),
    ("蒋", 47),
    ("杜", 47),
    ("苏", 46),
    ("魏", 45),
    ("程", 45),
    ("吕", 45),
    ("丁", 43),
    ("沈", 41),
    ("任", 41),
    ("姚", 40),
    ("卢", 40),
    ("傅", 40),
    ("钟", 40),
    ("姜", 39),
    ("崔", 38),
    ("谭", 38),
    ("廖", 38),
    ("范", 38),
    ("汪", 36),
    ("陆", 36),
    ("金", 35),
    ("石", 34),
    ("戴", 34),
    ("贾", 33),
    ("韦", 32),
    ("夏", 32),
    ("邱", 32),
    ("方", 31),
    ("侯", 30),
    ("邹", 30),
    ("熊", 29),
    ("孟", 29),
    ("秦", 28),
    ("白", 28),
    ("江", 28),
    ("阎", 27),
    ("薛", 26),
    ("尹", 26),
    ("段", 24),
    ("雷", 24),
    ("黎", 22),
    ("史", 21),
    ("龙", 21),
    ("陶", 21),
    ("贺", 21),
    ("顾", 20),
    ("毛", 20),
    ("郝", 20),
    ("龚", 20),
    ("邵", 20),
    ("万", 19),
    ("钱", 19),
    ("严", 19),
    ("覃", 18),
    ("武", 17),
    ("欧阳", 9),
    ("司徒", 2),
    ("上官", 1),
];
const MALE: &[&str] = &[
    "伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "超", "明", "刚", "平", "辉", "鹏", "华", "飞", "鑫", "波", "斌",
    "宇", "浩", "凯", "健", "俊", "帆", "帅", "旭", "宁", "龙", "轩", "博", "文", "子", "泽", "睿", "晨", "嘉", "一",
    "志", "建", "国", "庆", "东", "海", "松", "峰",
];
const FEMALE: &[&str] = &[
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "婷", "玲", "桂", "英", "秀", "兰", "红", "梅", "燕", "倩", "雪",
    "琳", "欣", "怡", "梦", "雨", "晓", "洁", "佳", "悦", "颖", "萍", "丹", "慧", "莹", "璐", "莉", "梓", "涵", "萱",
    "诗", "妍", "可", "馨", "子", "月", "琪", "瑶",
];
const MEN: &[&str] = &[
    "James",
    "Michael",
    "John",
    "David",
    "Daniel",
    "Thomas",
    "Alexander",
    "Ben",
    "Oliver",
    "Lukas",
    "Min-jun",
    "Haruto",
    "Ethan",
    "Noah",
    "Liam",
    "Ryan",
];
const WOMEN: &[&str] = &[
    "Emma",
    "Olivia",
    "Sophia",
    "Anna",
    "Emily",
    "Grace",
    "Charlotte",
    "Mia",
    "Hannah",
    "Ji-woo",
    "Yui",
    "Sarah",
    "Lily",
    "Chloe",
    "Amelia",
    "Laura",
];
const FAMILIES: &[&str] = &[
    "Smith", "Johnson", "Brown", "Lee", "Kim", "Tan", "Müller", "Wilson", "Tanaka", "Sato", "Nguyen", "Park", "Taylor",
    "Schmidt", "Jones", "Martin", "Wong", "Lim", "Garcia", "O'Connor",
];

/// A name as it is written in China.
pub fn chinese(dice: &mut Dice, female: bool) -> String {
    let given = if female { FEMALE } else { MALE };
    let mut name = dice.weighted(SURNAMES).to_owned();
    name.push_str(dice.skewed(given, 1.5));
    if dice.chance(0.72) {
        name.push_str(dice.skewed(given, 1.5));
    }
    name
}

/// A name as it is written elsewhere.
pub fn western(dice: &mut Dice, female: bool) -> String {
    let given = dice.skewed(if female { WOMEN } else { MEN }, 1.4);
    format!("{given} {}", dice.skewed(FAMILIES, 1.4))
}
