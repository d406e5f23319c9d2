// Places that lead into Airflow itself. The pages are shown inside Airflow in a frame that may not leave it by a plain link, which would
// open Airflow within Airflow; so the link is pressed in the document around the frame. Without this script the run's name stands there as text.
for (const place of document.querySelectorAll("[data-airflow]")) {
  const link = document.createElement("a");
  link.href = new URL(place.dataset.airflow, window.location.href).href;
  link.textContent = "Open it in Airflow";
  link.addEventListener("click", (event) => {
    if (window.parent === window) return;
    event.preventDefault();
    const outside = window.parent.document.createElement("a");
    outside.href = link.href;
    window.parent.document.body.append(outside);
    outside.click();
    outside.remove();
  });
  place.append(" ", link);
}
