//! What columns are usually called, in Chinese and English, and what they become.

use guanxi_domain::settings::AttributeKind;

use crate::mapping::{Subject, Target};
use crate::values::narrow;

/// Reads the short form in which the tables of this crate name targets: `identity email`, `attribute birthday date`.
pub(crate) fn target(spec: &str) -> Target {
    let mut parts = spec.split(' ');
    let word = parts.next().unwrap_or("");
    let name = parts.next().unwrap_or("").to_owned();
    let kind = match parts.next() {
        Some("date") => Some(AttributeKind::Date),
        Some("number") => Some(AttributeKind::Number),
        Some("integer") => Some(AttributeKind::Integer),
        Some("flag") => Some(AttributeKind::Flag),
        Some("texts") => Some(AttributeKind::Texts),
        _ => None,
    };
    match word {
        "identity" => Target::Identity { kind: name },
        "attribute" => Target::Attribute { name, kind },
        "tags" => Target::Tags { dimension: name, separator: None },
        "consent" => Target::Consent { purpose: name, refusal: false },
        "refusal" => Target::Consent { purpose: name, refusal: true },
        "consent-at" => Target::ConsentAt { purpose: name },
        "role" => Target::Role,
        "stage" => Target::Stage,
        "order-number" => Target::OrderNumber,
        "amount" => Target::Amount,
        "quantity" => Target::Quantity,
        "unit-price" => Target::UnitPrice,
        "refunded" => Target::Refunded,
        "currency" => Target::Currency,
        "time" => Target::Time,
        "from" => Target::From { kind: name },
        "to" => Target::To { kind: name },
        "relation" => Target::RelationKind,
        "strength" => Target::Strength,
        _ => Target::Ignore,
    }
}

/// The name of a column without what does not matter: case, width, spaces and signs.
pub(crate) fn plain(header: &str) -> String {
    let letters = header.chars().map(narrow).filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// What a column of that name becomes in a file of the subject.
pub(crate) fn by_name(header: &str, subject: Subject) -> Option<Target> {
    let name = plain(header);
    let own: &[(&str, &str)] = match subject {
        Subject::People => PEOPLE,
        Subject::Orders => ORDERS,
        Subject::Relations => RELATIONS,
    };
    let shared: &[(&str, &str)] = if subject == Subject::Relations { &[] } else { IDENTITIES };
    let found = own.iter().chain(shared).find(|(_, names)| names.split(' ').any(|known| known == name));
    found.map(|(spec, _)| target(spec))
}

const IDENTITIES: &[(&str, &str)] = &[
    (
        "identity phone",
        "手机号 手机 手机号码 电话 电话号码 联系电话 联系方式 移动电话 客户手机号 会员手机号 买家手机号 买家手机 \
      收货人手机号 phone phonenumber mobile mobilephone mobilenumber cell cellphone telephone tel msisdn",
    ),
    ("identity email", "邮箱 邮件 电子邮箱 电子邮件 邮箱地址 email emailaddress mail primaryemail"),
    (
        "identity member_card",
        "会员卡号 会员号 会员卡 卡号 会员编号 membercard membercardnumber memberno membernumber membership \
      membershipid loyaltycard loyaltyid cardnumber",
    ),
    (
        "identity user",
        "用户id 用户编号 客户id 客户编号 客户编码 会员id userid user customerid customernumber customerno \
      externalid",
    ),
    ("identity wechat_openid", "openid 微信openid wechatopenid"),
    ("identity wechat_unionid", "unionid 微信unionid wechatunionid"),
    ("identity wecom_external_id", "外部联系人id externaluserid wecomexternalid 企业微信外部联系人id"),
    ("identity weibo_uid", "微博uid weibouid 微博id"),
];

const PEOPLE: &[(&str, &str)] = &[
    (
        "attribute name",
        "姓名 名字 客户姓名 客户名称 会员姓名 联系人 真实姓名 name fullname contactname customername displayname",
    ),
    ("attribute firstName", "名 firstname givenname forename"),
    ("attribute lastName", "姓 lastname surname familyname"),
    ("attribute nickname", "昵称 微信昵称 客户昵称 nickname"),
    ("attribute gender", "性别 gender sex"),
    ("attribute birthday date", "生日 出生日期 出生年月日 birthday birthdate dateofbirth dob"),
    ("attribute age integer", "年龄 age"),
    ("attribute city", "城市 市 所在城市 city town mailingcity"),
    ("attribute province", "省份 省 所在省份 province state stateregion mailingstate"),
    ("attribute country", "国家 国家地区 country countryregion mailingcountry"),
    ("attribute address", "地址 详细地址 联系地址 收货地址 address streetaddress street address1"),
    ("attribute postalCode", "邮编 邮政编码 zip zipcode postalcode postcode"),
    ("attribute company", "公司 公司名称 单位 company companyname organization organisation account"),
    ("attribute jobTitle", "职位 职务 jobtitle title position"),
    ("attribute occupation", "职业 occupation profession"),
    ("attribute level", "等级 会员等级 客户等级 级别 level tier membershiplevel"),
    ("attribute points number", "积分 会员积分 客户积分 当前积分 points loyaltypoints"),
    ("attribute balance number", "余额 储值余额 客户储值余额 balance"),
    ("attribute source", "来源 客户来源 渠道来源 leadsource source originalsource"),
    ("attribute note", "备注 note notes comment comments description"),
    (
        "attribute createdAt date",
        "注册时间 注册日期 入会时间 创建时间 成为会员时间 createdat createdate createddate signupdate registered",
    ),
    ("attribute lastOrderAt date", "上次消费时间 最近消费时间 最后消费时间 lastorderdate lastpurchasedate"),
    ("attribute importedOrders integer", "消费次数 购买次数 累计消费次数 购次 totalorders orderscount numberoforders"),
    (
        "attribute importedSpent number",
        "成交金额 消费金额 累计消费金额 累计消费 总消费金额 totalspent totalspend lifetimevalue",
    ),
    ("tags label", "标签 客户标签 会员标签 用户标签 tag tags label labels"),
    ("tags interest", "兴趣 爱好 兴趣爱好 interest interests hobbies"),
    (
        "consent marketing",
        "营销同意 接受营销 同意营销 是否接受营销 订阅营销 acceptsmarketing marketingconsent optin marketingoptin \
      newsletter subscribed acceptsemailmarketing",
    ),
    ("refusal marketing", "退订 拒绝营销 免打扰 optout unsubscribed emailoptout donotcontact hasoptedoutofemail"),
    ("consent-at marketing", "同意时间 授权时间 营销同意时间 consentdate consentat optindate optintime"),
    ("stage", "阶段 客户阶段 客户状态 生命周期 stage lifecyclestage lifecycle"),
    ("role", "角色 身份 客户类型 role roles"),
];

const ORDERS: &[(&str, &str)] = &[
    (
        "order-number",
        "订单号 订单编号 单号 交易单号 流水号 小票号 orderid ordernumber orderno order invoice invoiceno \
      invoicenumber receipt transactionid",
    ),
    (
        "amount",
        "成交金额 订单金额 实付金额 订单实付金额 实付 支付金额 金额 总金额 合计 消费金额 amount total totalamount ordertotal \
      revenue grandtotal price totalprice",
    ),
    ("quantity", "数量 商品数量 购买数量 件数 quantity qty units"),
    ("unit-price", "单价 商品单价 unitprice priceeach itemprice"),
    ("refunded", "退款金额 已退款金额 refundedamount refund refunded refundamount"),
    ("currency", "币种 货币 currency currencycode"),
    (
        "time",
        "下单时间 订单时间 成交时间 付款时间 买家付款时间 支付时间 交易时间 消费时间 购买时间 订单创建时间 日期 时间 orderdate \
      date orderedat createdat invoicedate purchasedate purchasedat paidat time timestamp datetime",
    ),
];

const RELATIONS: &[(&str, &str)] = &[
    ("from user", "from source node1 fromid sourceid 起点 甲 推荐人 邀请人 from用户"),
    ("to user", "to target node2 toid targetid 终点 乙 被推荐人 被邀请人 to用户"),
    ("relation", "关系 关系类型 类型 kind type relation relationship"),
    ("strength", "强度 权重 亲密度 strength weight score"),
    ("time", "时间 日期 建立时间 since date time createdat timestamp"),
];
