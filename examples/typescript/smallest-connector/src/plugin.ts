// The smallest connector: posts the content to one address of the web.

import { defineConnector, Request, Step } from "guanxi-plugin";

export const connector = defineConnector({
    send(message) {
        const request = Request.post("https://post.example/messages").header(
            "authorization",
            "Bearer {{secret:token}}",
        );
        return Step.perform(request.body(JSON.stringify(message.content)));
    },
    resume: ({ response }) => Step.done(response.outcome()),
});
