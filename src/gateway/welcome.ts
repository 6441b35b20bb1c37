/** For a person who opens the gateway in a browser. It tells nothing about this installation. */
export const welcomePage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>weft</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}pre{background:#8882;padding:1rem;overflow:auto}</style>
<h1>weft is running</h1>
<p>This is an AI agent gateway. Any OpenAI client can talk to it: the base URL is this address with <code>/v1</code>,
the API key is the gateway's token, the model is <code>weft</code>.</p>
<pre>curl -s URL/v1/chat/completions -H "Authorization: Bearer TOKEN" \\
  -H "Content-Type: application/json" -d '{"messages":[{"role":"user","content":"ping"}]}'</pre>
<p>On the machine itself: <code>weft agent</code> to talk, <code>weft status --detailed</code> to see how it is.</p>
</html>
`;
