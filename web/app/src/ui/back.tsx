import { ArrowLeft } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";

/** Back to the list, where there is room for one of them alone. */
export function Back() {
  const { t } = useTranslation();
  return <Link href="/" className="icon-button only-narrow" aria-label={t("common.back")}><ArrowLeft size={20} className="mirrored" aria-hidden /></Link>;
}
