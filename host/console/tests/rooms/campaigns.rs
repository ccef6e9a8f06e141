//! CA-8: why somebody did not get something, as people of a brand see it.

use guanxi_domain::caller::Scope;

use crate::house::House;

#[tokio::test]
async fn ca_8_what_stopped_each_campaign_is_told_in_both_languages() {
    let house = House::build().await;
    let mut browser = house.browser("tea", &[Scope::Read]).await;
    let person = format!("/console/t/tea/people/{}", house.person);
    let path = format!("{person}/campaigns");
    browser.get(&person).await.says(&[&format!("<a href=\"{path}\">Campaigns</a>")]);
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.says(&[
        "<h1>Campaigns</h1>",
        "&#60;script&#62;alert(1)&#60;/script&#62;阿达",
        "Value &#60;b&#62; <a class=\"small\" href=\"/console/t/tea/plugins#value\">value</a>",
        "<span class=\"badge off\">stopped</span>",
        "✓ Order Completed",
        "✓ asked for send, add-tag: because &#60;of&#62; that",
        "<strong>✗ add-tag was refused: not granted</strong>",
        "<li>✗ webhook: waits to be sent",
        &format!("/console/t/tea/decisions/{}", house.decision),
        "<strong>✗ is switched off</strong> <span class=\"soft small\"><time datetime=\"2026-09-21T",
    ]);
    // One answer for each of the two campaigns, and a receipt of the one that decided.
    assert_eq!(page.body.matches("<strong>✗").count(), 2, "{}", page.body);
    assert_eq!(page.body.matches(">Receipt</a>").count(), 1, "{}", page.body);
    for bad in ["<script>", "Value <b>", "<of>", " style="] {
        assert!(!page.body.contains(bad), "{bad}");
    }
    browser.language = "zh";
    browser.get(&path).await.says(&[
        "营销活动",
        "价值",
        "未完成",
        "✗ add-tag 被拒绝：not granted",
        "等待发送",
        "已停用",
    ]);
}

#[tokio::test]
async fn ca_8_campaigns_of_strangers_do_not_exist_and_a_tenant_may_have_none() {
    let house = House::build().await;
    let silk = house.browser("silk", &[Scope::Read]).await;
    for tenant in ["tea", "silk"] {
        let path = format!("/console/t/{tenant}/people/{}/campaigns", house.person);
        assert_eq!(silk.get(&path).await.status, 404, "{path}");
    }
    let own = silk.get(&format!("/console/t/silk/people/{}/campaigns", house.other)).await;
    own.says(&["Stranger", "There is no campaign yet."]);
    assert!(!own.body.contains("<section"), "{}", own.body);
}
