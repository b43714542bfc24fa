// A form has signed in: keeps the token, and leads on to the page.

import { keep } from "./queen.js";

keep(document.querySelector("meta[name=rbee-page]").content);
location.replace("/");
