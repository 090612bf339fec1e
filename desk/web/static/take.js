// Opens WeChat's own page, on which the visitor takes the money that waits for them. The status page loads this only while it
// waits; in any other browser, and without scripts, the page says where to open it instead.
// Source: https://pay.weixin.qq.com/doc/v3/merchant/4012716430.
const button = document.getElementById("take");
const said = document.getElementById("take-said");

function hear(answer) {
  const told = String((answer && answer.err_msg) || "");
  // "ok" means that WeChat's page was shown and left, not that the money was taken: the desk asks WeChat Pay for that.
  if (!told.endsWith(":cancel")) said.textContent = told.endsWith(":ok") ? said.dataset.after : said.dataset.trouble;
}

function take() {
  const { merchant, appId, package: opens } = button.dataset;
  said.textContent = "";
  window.WeixinJSBridge.invoke("requestMerchantTransfer", { mchId: merchant, appId, package: opens }, hear);
}

function offer() {
  document.getElementById("take-elsewhere").hidden = true;
  document.getElementById("take-here").hidden = false;
  button.addEventListener("click", take);
}

if (window.WeixinJSBridge) offer();
else document.addEventListener("WeixinJSBridgeReady", offer, { once: true });
