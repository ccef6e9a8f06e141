// The smallest campaign: greets whoever says who they are.

import { Decision, defineCampaign, Message } from "guanxi-plugin";

export const campaign = defineCampaign((moment) => {
    const name = moment.person.text("name") ?? "friend";
    return Decision.because("somebody new").send(Message.text("Hello {{name}}!").with("name", name));
});
