// Every test of the page in one browser, in this order. A file is one subject.

import { after } from "node:test";

import "./pictures.mjs";
import "./reading.mjs";
import "./figures.mjs";
import "./hostile.mjs";
import "./accessible.mjs";
import "./file.mjs";
import "./live.mjs";
import { browser } from "./reader.mjs";

after(() => browser.close());
