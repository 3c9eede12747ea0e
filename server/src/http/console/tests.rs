//! Every page in both languages from sample rows, and the door: who gets in, which headers, what is escaped.
//! They do not know the model; the model has its own tests.
//! With DAICHO_GALLERY=DIR the pages are also written there, to be looked at in a browser.

mod computer_forms;
mod device_forms;
mod door;
mod duty_forms;
mod gallery;
mod hostile;
mod path_forms;
mod review_forms;
mod ticket_forms;
mod words;
