// A service of your own: it keeps notes for people who are signed in at Charter.

import express from "express";
import { signedIn } from "./signed-in.js";

const app = express();
const notes = new Map();
const notesOf = (user) => notes.get(user.id) ?? notes.set(user.id, []).get(user.id);

app.use(express.json({ limit: "16kb" }));
app.use("/notes", signedIn());

app.get("/notes", (request, response) => {
  response.json(notesOf(request.user));
});

app.post("/notes", (request, response) => {
  const text = request.body?.text;
  if (typeof text !== "string" || text.length > 1000) {
    response.status(400).json({ detail: "text must be a text of at most 1000 characters." });
    return;
  }
  notesOf(request.user).push(text);
  response.status(201).json(notesOf(request.user));
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`Notes on http://127.0.0.1:${server.address().port}`);
});
