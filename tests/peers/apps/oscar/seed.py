"""What a shop has before its sellers come: a kind of product, a category, a partner, a country, an order."""

import django

django.setup()

from django.core.management import call_command
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.core.loading import get_model
from oscar.test import factories

call_command("migrate", verbosity=0)
get_model("catalogue", "ProductClass").objects.create(name="Tea", track_stock=True, requires_shipping=True)
create_from_breadcrumbs("Tea > Green")
get_model("partner", "Partner").objects.create(name="Yamada")
factories.create_order(number="100042")
