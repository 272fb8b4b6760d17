import "@core/worker";
