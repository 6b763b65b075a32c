// Draws the API's documentation from its OpenAPI file, and lets a member try calls with their own session.
const place = document.getElementById("api-docs");

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  validatorUrl: null, // else somebody else's server is shown every schema
  requestInterceptor: (request) => {
    if (new URL(request.url, location).origin === location.origin) request.headers["X-CSRFToken"] = place.dataset.csrf;
    return request;
  },
});
