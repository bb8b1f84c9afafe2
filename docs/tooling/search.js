// Searches the site without a server. A page opened from a folder may neither start a worker nor
// fetch a file, which ProperDocs' own script does; it may load scripts, so the index is one.
(function () {
  "use strict";
  var input = document.getElementById("properdocs-search-query");
  var results = document.getElementById("properdocs-search-results");
  var index, pages;

  function load(name, then) {
    var script = document.createElement("script");
    script.src = base_url.replace(/\/$/, "") + "/search/" + name;
    script.onload = then;
    document.body.appendChild(script);
  }

  function append(parent, tag, text) {
    var element = document.createElement(tag);
    element.textContent = text;
    return parent.appendChild(element);
  }

  function find(query) {
    try {
      return index.search(query);
    } catch (error) {
      // Signs that lunr takes for its own, as in "a:b": the words alone.
      return index.search(query.replace(/[^\w\s]+/g, " "));
    }
  }

  function show() {
    var query = input.value.trim();
    var found = query.length < search_index.config.min_search_length ? [] : find(query);
    results.textContent = "";
    found.forEach(function (match) {
      var page = pages[match.ref];
      var article = append(results, "article", "");
      var link = append(append(article, "h3", ""), "a", page.title);
      link.href = base_url.replace(/\/$/, "") + "/" + page.location;
      append(article, "p", page.text.substring(0, 200));
    });
    if (!found.length) {
      append(results, "p", results.getAttribute("data-no-results-text") || "No results found");
    }
  }

  function start() {
    pages = {};
    lunr.tokenizer.separator = new RegExp(search_index.config.separator);
    index = lunr(function () {
      this.ref("location");
      this.field("title");
      this.field("text");
      search_index.docs.forEach(function (page) {
        pages[page.location] = page;
        this.add(page);
      }, this);
    });
    input.value = new URLSearchParams(window.location.search).get("q") || "";
    input.addEventListener("input", show);
    show();
  }

  if (input && results) {
    load("lunr.js", function () {
      load("search_index.js", start);
    });
  }
})();
