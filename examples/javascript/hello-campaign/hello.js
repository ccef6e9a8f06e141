// Greets whoever says who they are.

function decideOne(moment) {
    if (moment.event.kind !== "identify") {
        return { operations: [], state: moment.state, reasons: [`\`${moment.event.kind}\` is not an introduction`] };
    }
    const name = moment.person.fields.find((field) => field.name === "name" && field.value.tag === "text");
    const message = {
        content: { tag: "inline", val: JSON.stringify({ text: "Hello {{name}}!" }) },
        variables: JSON.stringify({ name: name ? name.value.val : "friend" }),
        class: "marketing",
        purpose: "marketing",
        channel: null,
        notBefore: null,
        expires: null,
    };
    return { operations: [{ tag: "send", val: message }], state: moment.state, reasons: ["somebody new"] };
}

export const campaign = {
    decide(_config, moments) {
        return moments.map((moment) => ({ tag: "ok", val: decideOne(moment) }));
    },
};
